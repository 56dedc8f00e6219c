import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { answerText } from './http-answer.js'

export interface ListenAddress {
  readonly port: number
  readonly host: string
}

/** The HTTP side of a server of our own: event streams, upgrades, a greeting, and a health check. */
export function createHttpServer(options: {
  readonly isReady: () => boolean
  /** Returns false where the request is none of its own. */
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => boolean
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}): Server {
  const server = createServer((request, response) => {
    if (options.onRequest(request, response)) return
    const path = (request.url ?? '/').split('?')[0]
    if (path === '/healthz') {
      const isReady = options.isReady()
      answerText(response, isReady ? 200 : 503, isReady ? 'ready\n' : 'unavailable\n')
    } else if (path === '/') {
      answerText(response, 200, 'Cairn serves Yjs documents over WebSocket at /<document name>\n')
    } else {
      answerText(response, 426, 'Here is a document: connect by WebSocket\n', {
        upgrade: 'websocket',
      })
    }
  })
  server.on('upgrade', (request, socket, head) => options.onUpgrade(request, socket, head))
  return server
}

/** Resolves when `server` listens; rejects with the system's error, EADDRINUSE for instance. */
export function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.off('error', reject)
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
      resolve({ port, host: address.host })
    })
  })
}

/** Refuses what is new at once; resolves when the HTTP connections are gone. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
