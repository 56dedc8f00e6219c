import type { VirtualTime } from '../../runtime/virtual-time.js'
import type { Toxic } from './toxics/toxic.js'

/** One write on its way: delivered when its last piece has arrived. */
interface Parcel {
  readonly bytes: number
  readonly deliver: () => void
  /** When it arrives; `Infinity` while a toxic holds it. */
  at: number
}

/**
 * One direction of one connection: a reliable stream, as TCP is, through a chain of toxics. Writes
 * arrive whole and in order, or not at all.
 */
export class Direction {
  readonly #time: VirtualTime
  readonly #onSpent: () => void
  #toxics: { readonly key: object; readonly toxic: Toxic }[] = []
  #parcels: Parcel[] = []
  #lastAt = 0
  #isCut = false
  #isDelivering = false

  /** @param onSpent called when a toxic has had enough of the connection */
  constructor(time: VirtualTime, onSpent: () => void) {
    this.#time = time
    this.#onSpent = onSpent
  }

  /** The toxic goes to the end of the chain; `key` is what `remove` takes. */
  add(key: object, toxic: Toxic): void {
    this.#toxics.push({ key, toxic })
  }

  /** What the toxic held goes on its way. */
  remove(key: object): void {
    this.#toxics = this.#toxics.filter((entry) => entry.key !== key)
    if (this.#isHolding) return
    for (const parcel of this.#parcels) {
      if (parcel.at === Number.POSITIVE_INFINITY) parcel.at = this.#arrival(parcel.bytes)
    }
    this.#schedule()
  }

  /** Nothing arrives any more, whatever was on its way. */
  cut(): void {
    this.#isCut = true
    this.#parcels = []
  }

  /** How much later than data a close goes out. */
  get closeDelayMs(): number {
    let delay = 0
    for (const { toxic } of this.#toxics) delay += toxic.closeDelayMs ?? 0
    return delay
  }

  /** Calls `deliver` when `bytes` have arrived. */
  send(bytes: number, deliver: () => void): void {
    if (this.#isCut) return
    for (const { toxic } of this.#toxics) {
      if (toxic.isSpent?.(bytes) !== true) continue
      this.#onSpent()
      return
    }
    this.#parcels.push({ bytes, deliver, at: this.#arrival(bytes) })
    if (this.#parcels.length === 1) this.#schedule()
  }

  get #isHolding(): boolean {
    return this.#toxics.some(({ toxic }) => toxic.holds === true)
  }

  #arrival(bytes: number): number {
    if (this.#isHolding) return Number.POSITIVE_INFINITY
    let pieces: readonly number[] = [bytes]
    for (const { toxic } of this.#toxics) {
      if (toxic.slice !== undefined) pieces = pieces.flatMap((piece) => toxic.slice?.(piece) ?? [])
    }
    let at = this.#time.now
    for (const piece of pieces) {
      at = this.#time.now
      for (const { toxic } of this.#toxics) at = toxic.pass?.(piece, at) ?? at
    }
    // Nothing overtakes, and nothing arrives in the very moment in which it was sent.
    this.#lastAt = Math.max(at, this.#lastAt, this.#time.now + 0.01)
    return this.#lastAt
  }

  #schedule(): void {
    const first = this.#parcels[0]
    if (first === undefined || this.#isDelivering) return
    if (first.at === Number.POSITIVE_INFINITY) return
    this.#isDelivering = true
    this.#time.at(first.at, () => {
      this.#isDelivering = false
      if (this.#isCut) return
      // A toxic may have come while it was on its way.
      if (this.#isHolding) {
        for (const parcel of this.#parcels) parcel.at = Number.POSITIVE_INFINITY
        return
      }
      this.#parcels.shift()
      this.#schedule()
      first.deliver()
    })
  }
}
