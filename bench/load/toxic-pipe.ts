import type { Environment, Timer } from '../../runtime/environment.js'
import type { Toxic } from '../simulator/toxics/toxic.js'

export interface PipeOptions {
  readonly environment: Environment
  /** Gives bytes to the other side. */
  readonly write: (bytes: Uint8Array) => void
  /** Tells the other side that nothing more comes; asked once, after the last byte. */
  readonly end: () => void
  /** Asks the source to stop sending, and to go on. */
  readonly setPaused: (isPaused: boolean) => void
  /** A toxic has had enough of the connection. */
  readonly onSpent: () => void
}

/** So many bytes may be on their way before the source has to wait, as a network's buffers hold. */
const bufferedBytes = 262_144

/**
 * One direction of a real connection through a chain of toxics: bytes keep their order, and arrive
 * when the chain says. The system's timers have a millisecond, so nothing is delayed more finely.
 */
export class ToxicPipe {
  readonly #options: PipeOptions
  readonly #toxics = new Map<object, Toxic>()
  #pieces: { readonly bytes: Uint8Array; at: number }[] = []
  #waitingBytes = 0
  #isPaused = false
  #isStopped = false
  #lastAt = 0
  #endsAt: number | undefined
  #timer: Timer | undefined

  constructor(options: PipeOptions) {
    this.#options = options
  }

  /** Puts a toxic at the end of the chain; `key` takes it out again. */
  add(key: object, toxic: Toxic): void {
    this.#toxics.set(key, toxic)
    this.#schedule()
  }

  /** What it held goes on its way. */
  remove(key: object): void {
    if (!this.#toxics.delete(key) || this.#isHolding) return
    for (const piece of this.#pieces) {
      if (piece.at === Number.POSITIVE_INFINITY) piece.at = this.#arrival(piece.bytes.length)
    }
    this.#schedule()
  }

  /** Nothing more comes: the close follows the bytes that are on their way, and is held as they are. */
  end(): void {
    if (this.#isStopped) return
    let at = this.#options.environment.now()
    for (const toxic of this.#toxics.values()) at += toxic.closeDelayMs ?? 0
    this.#endsAt = at
    this.#schedule()
  }

  /**
   * Nobody is there to take it any more: what is on its way is dropped, and so is all that comes. A
   * source that waits goes on, since one that does not read never sees its own end.
   */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#pieces = []
    this.#endsAt = undefined
    this.#count(-this.#waitingBytes)
  }

  /** @param bytes are kept until they are written */
  receive(bytes: Uint8Array): void {
    if (this.#isStopped) return
    for (const toxic of this.#toxics.values()) {
      if (toxic.isSpent?.(bytes.length) !== true) continue
      this.#options.onSpent()
      return
    }
    let sizes: readonly number[] = [bytes.length]
    for (const toxic of this.#toxics.values()) {
      if (toxic.slice !== undefined) sizes = sizes.flatMap((size) => toxic.slice?.(size) ?? size)
    }
    let position = 0
    for (const size of sizes) {
      const at = this.#isHolding ? Number.POSITIVE_INFINITY : this.#arrival(size)
      this.#pieces.push({ bytes: bytes.subarray(position, position + size), at })
      position += size
    }
    this.#count(bytes.length)
    this.#schedule()
  }

  get #isHolding(): boolean {
    for (const toxic of this.#toxics.values()) if (toxic.holds === true) return true
    return false
  }

  #arrival(size: number): number {
    const now = this.#options.environment.now()
    let at = now
    for (const toxic of this.#toxics.values()) at = toxic.pass?.(size, at) ?? at
    this.#lastAt = Math.max(at, this.#lastAt)
    return this.#lastAt
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes
    const isPaused = this.#waitingBytes > bufferedBytes
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    this.#options.setPaused(isPaused)
  }

  #schedule(): void {
    this.#timer?.cancel()
    const nextAt = this.#pieces[0]?.at ?? this.#endsAt ?? Number.POSITIVE_INFINITY
    if (nextAt === Number.POSITIVE_INFINITY || this.#isHolding) return
    const { environment } = this.#options
    const delay = nextAt - environment.now()
    if (delay <= 0) this.#deliver()
    else this.#timer = environment.setTimer(() => this.#deliver(), delay)
  }

  #deliver(): void {
    const now = this.#options.environment.now()
    const end = this.#pieces.findIndex(({ at }) => at > now)
    const due = this.#pieces.splice(0, end === -1 ? this.#pieces.length : end)
    for (const { bytes } of due) this.#options.write(bytes)
    this.#count(-due.reduce((sum, { bytes }) => sum + bytes.length, 0))
    if (this.#pieces.length === 0 && this.#endsAt !== undefined && this.#endsAt <= now) {
      this.#endsAt = undefined
      this.#options.end()
    }
    this.#schedule()
  }
}
