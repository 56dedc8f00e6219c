import type { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../runtime/message-socket.js'

/** A client's end of a transport that never leaves the process, and never waits for a network. */
export class InProcessSocket implements MessageSocket {
  readonly isDrained = true
  readonly bufferedBytes = 0
  readonly #onFrame: (frame: Uint8Array) => void
  readonly #onEnd: (code: number) => void
  #handlers: SocketHandlers | undefined
  #isPaused = false
  #waiting: Uint8Array[] = []
  #closeCode: number | undefined

  /**
   * @param onFrame is called for each message of the server
   * @param onEnd is called once, whichever side ends the connection
   */
  constructor(onFrame: (frame: Uint8Array) => void, onEnd: (code: number) => void) {
    this.#onFrame = onFrame
    this.#onEnd = onEnd
  }

  /** The client sends a message. */
  deliver(frame: Uint8Array): void {
    if (this.#closeCode !== undefined) return
    if (this.#isPaused) this.#waiting.push(frame)
    else this.#handlers?.onMessage(frame)
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  send(batch: MessageBatch): void {
    if (this.#closeCode !== undefined) return
    for (const message of batch.messages) this.#onFrame(message)
  }

  awaitDrain(): void {
    this.#handlers?.onDrain()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    for (const frame of this.#waiting.splice(0)) this.deliver(frame)
  }

  ping(): void {
    this.#handlers?.onPong()
  }

  /** Either side ends the connection. */
  close(code: number, reason = ''): void {
    if (this.#closeCode !== undefined) return
    this.#closeCode = code
    this.#waiting = []
    this.#handlers?.onClose(code, reason)
    this.#onEnd(code)
  }

  terminate(): void {
    this.close(1006)
  }
}
