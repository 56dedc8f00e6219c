import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket } from '../runtime/message-socket.js'

/** Control messages that a connection may be owed while it does not read. */
const maxUnreadBytes = 1_048_576

/**
 * What a connection is sent beside the fan-out: answers, refusals, signs of life. No cursor stands
 * for them, so they are bounded here: who asks and does not read the answers is closed.
 */
export class ConnectionWriter {
  readonly #environment: Environment
  readonly #socket: MessageSocket
  readonly #onUnread: (error: CairnError) => void
  #lastWroteAt: number
  #unreadBytes = 0

  constructor(
    environment: Environment,
    socket: MessageSocket,
    onUnread: (error: CairnError) => void,
  ) {
    this.#environment = environment
    this.#socket = socket
    this.#onUnread = onUnread
    this.#lastWroteAt = environment.now()
  }

  get lastWroteAt(): number {
    return this.#lastWroteAt
  }

  /** Something was written to the socket, here or by the fan-out. */
  wrote(now: number): void {
    this.#lastWroteAt = now
  }

  send(batch: MessageBatch): void {
    this.#socket.send(batch)
    this.wrote(this.#environment.now())
  }

  /** One write; none where there are no messages. */
  sendControl(...messages: readonly Uint8Array[]): void {
    if (messages.length === 0) return
    const batch = new MessageBatch(messages)
    if (this.#socket.isDrained) this.#unreadBytes = 0
    this.#unreadBytes += batch.byteLength
    if (this.#unreadBytes <= maxUnreadBytes) this.send(batch)
    else this.#onUnread(new CairnError('LAGGING', 'the connection asks and does not read'))
  }
}
