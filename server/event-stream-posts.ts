import { toCairnError } from '../protocol/errors.js'
import type { Connection } from './connection.js'
import { checkMessages, type MessageRules, messagesOf } from './event-stream-messages.js'
import type { EventStreamTransport } from './event-stream-transport.js'
import { finalStatus } from './http-answer.js'

/** One POST of a client, before its body was read. */
export interface Post {
  /** 1 for the first of a stream, and one more for each. */
  readonly batch: number
  /** The client leaves with it, for good, by this close code. */
  readonly leaveCode: number | undefined
  /**
   * Undefined where the client went away before the end.
   * @param onProgress is called as parts of it come
   */
  readBody(onProgress: () => void): Promise<Uint8Array | undefined>
}

const taken = 204
const gone = 404
const outOfTurn = 409
const tooSlow = 408

/** What a client sends beside one event stream: one POST after the other, each of them once. */
export class EventStreamPosts {
  readonly #transport: EventStreamTransport
  readonly #connection: Pick<Connection, 'close'>
  readonly #rules: MessageRules
  #nextBatch = 1
  #current: Promise<number> | undefined
  #isAwaited = false

  constructor(
    transport: EventStreamTransport,
    connection: Pick<Connection, 'close'>,
    rules: MessageRules,
  ) {
    this.#transport = transport
    this.#connection = connection
    this.#rules = rules
  }

  /**
   * Takes the POST when the one before it is done; one may wait, and no other.
   * @returns the status to answer with
   */
  async take(post: Post): Promise<number> {
    this.#transport.heard()
    if (this.#current !== undefined) {
      if (this.#isAwaited) return outOfTurn
      this.#isAwaited = true
      await this.#current
      this.#isAwaited = false
    }
    this.#current = this.#takeInTurn(post).finally(() => {
      this.#current = undefined
    })
    return this.#current
  }

  async #takeInTurn(post: Post): Promise<number> {
    if (!this.#transport.isOpen) return gone
    try {
      const status = await this.#takeBody(post)
      if (post.leaveCode !== undefined) this.#transport.leave(post.leaveCode)
      return status
    } catch (thrown) {
      const error = toCairnError(thrown)
      this.#connection.close(error)
      return error.code === 'TIMEOUT' ? tooSlow : this.#statusOfEnd()
    }
  }

  async #takeBody({ batch, readBody }: Post): Promise<number> {
    if (batch < this.#nextBatch) return taken
    if (batch > this.#nextBatch) return outOfTurn
    if (!(await this.#transport.whenReadable())) return this.#statusOfEnd()
    const reading = readBody(() => this.#transport.heard())
    // A stream that ends does not wait for a body that may never come.
    const body = await this.#transport.whileOpen(reading)
    if (!this.#transport.isOpen) return this.#statusOfEnd()
    if (body === undefined) return outOfTurn
    await checkMessages(body, this.#rules)
    this.#nextBatch++
    await this.#transport.deliver(messagesOf(body))
    return this.#transport.isOpen ? taken : this.#statusOfEnd()
  }

  #statusOfEnd(): number {
    return finalStatus(this.#transport.closeCode) ?? gone
  }
}
