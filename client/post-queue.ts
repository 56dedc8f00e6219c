import { ByteWriter, varUintLength } from '../protocol/byte-writer.js'

/** Messages share a POST up to so many bytes; a larger one goes by itself. */
const maxBodyBytes = 1_048_576
/** What a page that goes away may still send is limited by browsers to 64 KiB in all. */
export const maxFarewellBytes = 61_440

export interface PostQueueOwner {
  /** Sends one POST and resolves with the status of its answer. */
  post(body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<number>
  /** The server did not take what was sent. */
  onRefused(status: number): void
  /** There was no answer. */
  onFailed(error: unknown): void
}

/** What waits to be sent beside an event stream: one POST after the other, in order. */
export class PostQueue {
  readonly #owner: PostQueueOwner
  #waiting: Uint8Array[] = []
  #batch = 0
  #state: 'idle' | 'posting' | 'ended' = 'idle'
  #isAsked = false

  constructor(owner: PostQueueOwner) {
    this.#owner = owner
  }

  send(message: Uint8Array): void {
    this.#waiting.push(message)
    this.#start()
  }

  /** The server wants a sign of life: a POST, an empty one if there is nothing to say. */
  answer(): void {
    this.#isAsked = true
    this.#start()
  }

  /** Nothing is sent any more. */
  end(): void {
    this.#state = 'ended'
    this.#waiting = []
  }

  /** Sends what waits, as far as it goes in one POST, and says goodbye with it. */
  async leave(code: number): Promise<void> {
    if (this.#state === 'ended') return
    const body = this.#takeBody(maxFarewellBytes)
    this.end()
    await this.#post(body, { 'cairn-close': String(code) })
  }

  #start(): void {
    if (this.#state !== 'idle') return
    this.#state = 'posting'
    void this.#run()
  }

  async #run(): Promise<void> {
    try {
      // What is sent in the same turn goes together.
      await Promise.resolve()
      while (this.#state === 'posting' && (this.#isAsked || this.#waiting.length > 0)) {
        this.#isAsked = false
        const status = await this.#post(this.#takeBody(maxBodyBytes), {})
        if (status !== 204 && this.#state === 'posting') {
          this.end()
          this.#owner.onRefused(status)
        }
      }
      if (this.#state === 'posting') this.#state = 'idle'
    } catch (error) {
      if (this.#state === 'ended') return
      this.end()
      this.#owner.onFailed(error)
    }
  }

  #post(body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<number> {
    this.#batch++
    return this.#owner.post(body, { 'cairn-batch': String(this.#batch), ...headers })
  }

  #takeBody(maxBytes: number): Uint8Array {
    let count = 0
    let byteLength = 0
    for (const { length } of this.#waiting) {
      const grown = byteLength + varUintLength(length) + length
      if (count > 0 && grown > maxBytes) break
      byteLength = grown
      count++
    }
    const writer = new ByteWriter(byteLength)
    for (const message of this.#waiting.splice(0, count)) writer.writeVarBytes(message)
    return writer.finish()
  }
}
