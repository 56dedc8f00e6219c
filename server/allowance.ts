/** A token bucket: so much a second, and a burst of so much above that. */
export class Allowance {
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

  /** Spends `amount`, into debt if need be; returns the milliseconds until the debt is paid. */
  spend(amount: number, now: number): number {
    if (this.#perSecond === 0) return 0
    this.#refill(now)
    this.#available -= amount
    return this.#missingMs(0)
  }

  /** Spends `amount` if it is there, else nothing; returns the milliseconds until it will be there. */
  trySpend(amount: number, now: number): number {
    if (this.#perSecond === 0) return 0
    this.#refill(now)
    const waitMs = this.#missingMs(amount)
    if (waitMs === 0) this.#available -= amount
    return waitMs
  }

  #refill(now: number): void {
    const refill = ((now - this.#refilledAt) / 1_000) * this.#perSecond
    this.#available = Math.min(this.#burst, this.#available + refill)
    this.#refilledAt = now
  }

  #missingMs(amount: number): number {
    return Math.max(0, ((amount - this.#available) / this.#perSecond) * 1_000)
  }
}
