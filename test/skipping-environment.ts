import type { Environment, Timer } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'

interface Waiting {
  readonly at: number
  readonly callback: () => void
  timer: Timer
}

/**
 * The real clock, of which a test may skip a part: what waits over real sockets need not be waited
 * for. Waits that are random are as short as they can be, unless the test says otherwise.
 */
export class SkippingEnvironment implements Environment {
  /** What `random` gives. */
  randomness = 0
  #skippedMs = 0
  readonly #waiting = new Set<Waiting>()

  now(): number {
    return systemEnvironment.now() + this.#skippedMs
  }

  wallClock(): number {
    return systemEnvironment.wallClock() + this.#skippedMs
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const at = this.now() + delayMs
    const waiting: Waiting = { at, callback, timer: this.#wait(() => waiting, delayMs) }
    this.#waiting.add(waiting)
    return {
      cancel: () => {
        this.#waiting.delete(waiting)
        waiting.timer.cancel()
      },
    }
  }

  defer(callback: () => void): void {
    systemEnvironment.defer(callback)
  }

  random(): number {
    return this.randomness
  }

  randomBytes(length: number): Uint8Array {
    return systemEnvironment.randomBytes(length)
  }

  /** What is due by then fires at once, in order. */
  skip(byMs: number): void {
    this.#skippedMs += byMs
    const now = this.now()
    for (const waiting of [...this.#waiting].sort((left, right) => left.at - right.at)) {
      waiting.timer.cancel()
      waiting.timer = this.#wait(() => waiting, Math.max(0, waiting.at - now))
    }
  }

  #wait(own: () => Waiting, delayMs: number): Timer {
    return systemEnvironment.setTimer(() => {
      this.#waiting.delete(own())
      own().callback()
    }, delayMs)
  }
}
