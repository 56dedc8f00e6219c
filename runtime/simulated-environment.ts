import type { Environment, Timer } from './environment.js'
import { createRandom } from './seeded-random.js'

interface Scheduled {
  readonly at: number
  /** Breaks ties: first set, first fired. */
  readonly order: number
  readonly callback: () => void
  cancelled: boolean
}

/**
 * A clock that stands still until it is told to move, and randomness from one seed.
 *
 * Real promises run between the steps, so code under test may await what it likes as long as
 * nothing it awaits needs real input or output.
 */
export class SimulatedEnvironment implements Environment {
  #now = 0
  #order = 0
  #wallOffset: number
  #scheduled: Scheduled[] = []
  #deferred: (() => void)[] = []
  readonly #random: () => number

  constructor(options: { seed?: number; wallClock?: number } = {}) {
    this.#random = createRandom(options.seed ?? 1)
    this.#wallOffset = options.wallClock ?? 1_700_000_000_000
  }

  now(): number {
    return this.#now
  }

  wallClock(): number {
    return this.#wallOffset + this.#now
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const at = this.#now + Math.max(0, delayMs)
    const scheduled: Scheduled = { at, order: this.#order++, callback, cancelled: false }
    this.#scheduled.push(scheduled)
    return {
      cancel: () => {
        scheduled.cancelled = true
      },
    }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  random(): number {
    return this.#random()
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#random() * 256))
  }

  /** Moves the wall clock alone, as an operator or a time server may. */
  jumpWallClock(byMs: number): void {
    this.#wallOffset += byMs
  }

  /** Time passes and nothing runs, as in a process that is stopped: timers fire late, afterwards. */
  standStill(byMs: number): void {
    this.#now += byMs
  }

  /** How many timers wait; for tests that look for timers without an owner. */
  get pendingTimers(): number {
    return this.#scheduled.filter((entry) => !entry.cancelled).length
  }

  /** Runs what is due now: promise reactions and deferred callbacks, until neither is left. */
  async settle(): Promise<void> {
    for (;;) {
      // One real turn of the event loop drains every promise reaction, however long the chain.
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (this.#deferred.length === 0) return
      const deferred = this.#deferred
      this.#deferred = []
      for (const callback of deferred) callback()
    }
  }

  /** Moves the clock, firing every timer on the way at its own time and settling after each. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs
    await this.settle()
    for (;;) {
      const next = this.#takeNextDue(end)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await this.settle()
    }
    this.#now = end
  }

  #takeNextDue(end: number): Scheduled | undefined {
    this.#scheduled = this.#scheduled.filter((entry) => !entry.cancelled)
    let best: Scheduled | undefined
    for (const entry of this.#scheduled) {
      if (entry.at > end) continue
      const isEarlier =
        best === undefined ||
        entry.at < best.at ||
        (entry.at === best.at && entry.order < best.order)
      if (isEarlier) best = entry
    }
    if (best !== undefined) best.cancelled = true
    return best
  }
}
