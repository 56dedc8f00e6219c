import { decodeServerMessage } from '../protocol/codec.js'
import type { ServerMessage } from '../protocol/message.js'
import type { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../runtime/message-socket.js'

/** One end of a transport without a network: the test is the other side and reads what came. */
export class RecordingSocket implements MessageSocket {
  /** Everything that was sent, message by message. */
  readonly sent: Uint8Array[] = []
  /** How many writes carried it. */
  writes = 0
  closed: { readonly code: number; readonly reason: string } | undefined
  isPaused = false
  #handlers: SocketHandlers | undefined
  #isBlocked = false
  #isSilent = false
  #waiting = 0
  #drainAwaited = false
  #received: Uint8Array[] = []
  readonly #onSend: (messages: readonly Uint8Array[]) => void

  constructor(onSend: (messages: readonly Uint8Array[]) => void = () => undefined) {
    this.#onSend = onSend
  }

  /** What was sent, decoded. */
  get messages(): readonly ServerMessage[] {
    return this.sent.map(decodeServerMessage)
  }

  /** The messages of one type. */
  of<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<ServerMessage, { type: Type }> => message.type === type,
    )
  }

  forget(): void {
    this.sent.length = 0
    this.writes = 0
  }

  /** The client sends a message. */
  receive(message: Uint8Array): void {
    if (this.#isSilent) return
    this.#received.push(message)
    this.#deliver()
  }

  receiveText(): void {
    this.#handlers?.onTextMessage()
  }

  /** Nothing passes any more, in either direction, and the transport does not know. */
  goSilent(): void {
    this.#isSilent = true
  }

  /** The client stops reading: what is sent from now on waits. */
  block(): void {
    this.#isBlocked = true
  }

  /** The client reads again: everything that waited is gone. */
  drain(): void {
    this.#isBlocked = false
    this.takeWaiting()
  }

  /** The client takes what waits. @returns how many bytes */
  takeWaiting(): number {
    const taken = this.#waiting
    this.#waiting = 0
    if (this.#drainAwaited) {
      this.#drainAwaited = false
      this.#handlers?.onDrain()
    }
    return taken
  }

  /** The transport is gone, as the other side, or the network, ended it. */
  disconnect(code = 1006): void {
    if (this.closed !== undefined) return
    this.closed = { code, reason: '' }
    this.#handlers?.onClose(code, '')
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  send(batch: MessageBatch): void {
    if (this.closed !== undefined) return
    this.sent.push(...batch.messages)
    this.writes++
    if (this.#isBlocked) this.#waiting += batch.byteLength
    if (!this.#isSilent) this.#onSend(batch.messages)
  }

  get isDrained(): boolean {
    return this.#waiting === 0
  }

  get bufferedBytes(): number {
    return this.#waiting
  }

  awaitDrain(): void {
    this.#drainAwaited = true
    if (!this.#isBlocked) this.drain()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.#deliver()
  }

  ping(): void {
    if (!this.#isSilent) this.#handlers?.onPong()
  }

  close(code: number, reason: string): void {
    if (this.closed !== undefined) return
    this.closed = { code, reason }
    this.#handlers?.onClose(code, reason)
  }

  terminate(): void {
    this.disconnect(1006)
  }

  #deliver(): void {
    while (!this.isPaused && this.closed === undefined) {
      const message = this.#received.shift()
      if (message === undefined) return
      this.#handlers?.onMessage(message)
    }
  }
}
