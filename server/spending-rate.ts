/** How fast the past is forgotten: after this many milliseconds a spending weighs 1/e. */
const memoryMs = 1_000

/** Milliseconds spent per millisecond that passed, over the last second or so. */
export class SpendingRate {
  #weight = 0
  #at = 0

  add(now: number, spentMs: number): void {
    this.#weight = this.#decayed(now) + spentMs
    this.#at = now
  }

  /** 0.1 is a tenth of a core. */
  at(now: number): number {
    return this.#decayed(now) / memoryMs
  }

  #decayed(now: number): number {
    return this.#weight * Math.exp((this.#at - now) / memoryMs)
  }
}
