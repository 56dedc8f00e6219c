import { once } from 'node:events'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import * as Y from 'yjs'
import { decodeClientMessage, encodeSyncStep1, encodeSyncStep2 } from '../protocol/codec.js'

/** What a server does with a connection, the how-manieth from 0. */
export type Policy = (socket: WebSocket, index: number) => void

/** A server that has no documents and does with each connection what the test wants. */
export class PolicyServer {
  /** The address that each connection asked for. */
  readonly urls: string[] = []
  readonly protocols: string[] = []
  readonly sockets: WebSocket[] = []
  readonly #server: WebSocketServer

  private constructor(server: WebSocketServer, policy: Policy) {
    this.#server = server
    server.on('connection', (socket, request) => {
      this.urls.push(request.url ?? '')
      this.protocols.push(request.headers['sec-websocket-protocol'] ?? '')
      this.sockets.push(socket)
      policy(socket, this.sockets.length - 1)
    })
  }

  static async start(policy: Policy): Promise<PolicyServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    const policyServer = new PolicyServer(server, policy)
    await once(server, 'listening')
    return policyServer
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the server is stopped')
    return `ws://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    for (const socket of this.#server.clients) socket.terminate()
    this.#server.close()
    await closed
  }
}

/** Takes the connection and never says a word. */
export const holdOpen: Policy = () => undefined

/** Closes as soon as the client has said something, so that it was open. */
export function openThenClose(code: number, reason: string): Policy {
  return (socket) => socket.once('message', () => socket.close(code, reason))
}

/** Answers the first sync step 1 as a server with `doc` does, and asks for what the client has. */
export function sync(socket: WebSocket, doc: Y.Doc = new Y.Doc()): Promise<void> {
  return new Promise((resolve) => {
    socket.on('message', (data: RawData) => {
      const message = decodeClientMessage(bytesOf(data))
      if (message.type !== 'sync-step-1') return
      const missing = Y.encodeStateAsUpdate(doc, message.stateVector)
      socket.send(encodeSyncStep1(Y.encodeStateVector(doc)))
      socket.send(encodeSyncStep2(missing), () => resolve())
    })
  })
}

export function bytesOf(data: RawData): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  return Array.isArray(data) ? Buffer.concat(data) : data
}
