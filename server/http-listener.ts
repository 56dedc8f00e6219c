import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Environment } from '../runtime/environment.js'
import { answerText } from './http-answer.js'
import type { Logger } from './logger.js'

/** A connection that cannot be taken is tried again at once, so one line stands for so many. */
const failuresEveryMs = 10_000

export interface ListenAddress {
  readonly port: number
  readonly host: string
}

export interface HttpListenerOptions {
  readonly environment: Pick<Environment, 'now'>
  readonly logger: Logger
  readonly isReady: () => boolean
  /** Returns false where the request is none of its own. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => boolean
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** The HTTP side of a server of our own: event streams, upgrades, a greeting, and a health check. */
export class HttpListener {
  readonly #options: HttpListenerOptions
  readonly #server: Server
  /** Without a request: never used, as browsers open them ahead, between two, or with half of one. */
  readonly #resting = new Set<Socket>()
  #toldOfFailureAt = Number.NEGATIVE_INFINITY

  constructor(options: HttpListenerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      this.#resting.delete(request.socket)
      response.once('close', () => this.#rest(request.socket))
      this.#answer(request, response)
    })
    this.#server.on('connection', (socket: Socket) => {
      this.#rest(socket)
      socket.once('close', () => this.#resting.delete(socket))
    })
    this.#server.on('upgrade', (request, socket, head) => {
      this.#resting.delete(request.socket)
      options.onUpgrade(request, socket, head)
    })
  }

  /** Resolves when it listens; rejects with the system's error, EADDRINUSE for instance. */
  listen(address: ListenAddress): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address.port, address.host, () => {
        this.#server.off('error', reject)
        // Without a listener it would end the process, with everybody who is connected.
        this.#server.on('error', (error) => this.#tellOfFailure(error))
        const bound = this.#server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
        resolve({ port, host: address.host })
      })
    })
  }

  /** Refuses what is new at once; resolves when the HTTP connections are gone. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.dropResting()
    })
  }

  /** Lets go of the connections on which nothing is asked; `stop` would wait for them. */
  dropResting(): void {
    for (const socket of this.#resting) socket.destroy()
  }

  /** Mostly there are no file descriptors left for one connection more; who is there is served on. */
  #tellOfFailure({ message }: Error): void {
    const now = this.#options.environment.now()
    if (now - this.#toldOfFailureAt < failuresEveryMs) return
    this.#toldOfFailureAt = now
    this.#options.logger.error({ error: message }, 'connections cannot be taken')
  }

  #rest(socket: Socket): void {
    if (!socket.destroyed) this.#resting.add(socket)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#options.onRequest(request, response)) return
    const path = (request.url ?? '/').split('?')[0]
    if (path === '/healthz') {
      const isReady = this.#options.isReady()
      answerText(response, isReady ? 200 : 503, isReady ? 'ready\n' : 'unavailable\n')
    } else if (path === '/') {
      answerText(response, 200, 'Cairn serves Yjs documents over WebSocket at /<document name>\n')
    } else {
      answerText(response, 426, 'Here is a document: connect by WebSocket\n', {
        upgrade: 'websocket',
      })
    }
  }
}
