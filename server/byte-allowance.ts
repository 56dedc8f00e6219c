/** A token bucket: so many bytes a second, and a burst of so many above that. */
export class ByteAllowance {
  readonly #perSecond: number
  readonly #burst: number
  #available: number
  #refilledAt: number

  /** `perSecond` 0 allows everything; `burst` 0 means one second's worth. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst === 0 ? perSecond : burst
    this.#available = this.#burst
    this.#refilledAt = now
  }

  /** Spends `bytes`, into debt if need be; returns the milliseconds until the debt is paid. */
  spend(bytes: number, now: number): number {
    if (this.#perSecond === 0) return 0
    const refill = ((now - this.#refilledAt) / 1_000) * this.#perSecond
    this.#available = Math.min(this.#burst, this.#available + refill) - bytes
    this.#refilledAt = now
    return this.#available >= 0 ? 0 : (-this.#available / this.#perSecond) * 1_000
  }
}
