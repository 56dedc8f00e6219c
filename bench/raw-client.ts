import { WebSocket } from 'ws'
import {
  decodeServerMessage,
  emptyAwarenessMessage,
  encodeSyncStep1,
  encodeSyncStep2,
} from '../protocol/codec.js'
import { extensionProtocol, type ServerMessage } from '../protocol/message.js'

/** How a socket ended. */
export interface SocketEnd {
  readonly code: number
  readonly reason: string
}

/** A document that has nothing. */
export const emptyStateVector: Uint8Array = Uint8Array.of(0)
/** An update without structs and deletes; what a client answers that has nothing to give. */
export const emptyUpdate: Uint8Array = Uint8Array.of(0, 0)

export interface RawClientOptions {
  /** Asks for the extension by its subprotocol. @default false */
  readonly extension?: boolean
  /** What stands after the question mark of the address. @default nothing */
  readonly query?: string
}

/**
 * A bare connection: it sees every frame as the server sent it, and sends whatever it is told to.
 * What arrives before a listener is there is kept for `messages`.
 */
export class RawClient {
  readonly #socket: WebSocket
  readonly #messages: ServerMessage[] = []
  readonly #listeners = new Set<() => void>()
  #onMessage: (message: ServerMessage) => void = () => undefined
  #end: SocketEnd | undefined
  readonly opened: Promise<void>
  readonly closed: Promise<SocketEnd>

  constructor(
    serverUrl: string,
    name: string,
    { extension = false, query }: RawClientOptions = {},
  ) {
    const path = `${serverUrl}/${encodeURIComponent(name)}`
    const address = query === undefined ? path : `${path}?${query}`
    this.#socket = new WebSocket(address, extension ? [extensionProtocol] : [])
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        this.#end = { code, reason: reason.toString() }
        resolve(this.#end)
        this.#announce()
      })
    })
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once('open', resolve)
      this.#socket.on('error', reject)
    })
    // Whoever wants to know of a failed connection awaits `opened`; others await `closed`.
    this.opened.catch(() => undefined)
    this.#socket.on('message', (data: Buffer) => {
      // A copy, since the buffer is part of a larger one that the socket reads into again.
      const message = decodeServerMessage(new Uint8Array(data))
      this.#messages.push(message)
      this.#onMessage(message)
      this.#announce()
    })
  }

  /** Everything that has come so far, in order. */
  get messages(): readonly ServerMessage[] {
    return this.#messages
  }

  /** How the connection ended; undefined while it stands. */
  get end(): SocketEnd | undefined {
    return this.#end
  }

  /** Handles each message as it comes, those that are there already first. */
  handle(onMessage: (message: ServerMessage) => void): void {
    for (const message of this.#messages) onMessage(message)
    this.#onMessage = onMessage
  }

  /** Calls `listener` after each message and at the end; returns what stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Returns whether the connection stands, so that the frame was sent. */
  send(frame: Uint8Array | string): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false
    this.#socket.send(frame)
    return true
  }

  /** Asks for everything, has nothing to give, and nobody to present. */
  requestEverything(): void {
    this.send(encodeSyncStep1(emptyStateVector))
    this.send(encodeSyncStep2(emptyUpdate))
    this.send(emptyAwarenessMessage)
  }

  /** What the server sends from now on waits in the network, and then in the server. */
  stopReading(): void {
    this.#socket.pause()
  }

  startReading(): void {
    this.#socket.resume()
  }

  close(code = 1000): void {
    this.#socket.close(code)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #announce(): void {
    for (const listener of this.#listeners) listener()
  }
}
