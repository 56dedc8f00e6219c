import { describe, expect, it } from 'vitest'
import type { Environment } from '../runtime/environment.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { FanOutBudget } from './fan-out-budget.js'
import { FlushPacer } from './flush-pacer.js'

/** A clock that a flush moves on by what it costs, and the wait before each flush. */
class CostlyFlushes {
  readonly #budget: FanOutBudget
  readonly #waits: number[] = []
  readonly #environment: Environment
  #now = 0
  #due: (() => void) | undefined

  constructor(budget: FanOutBudget) {
    this.#budget = budget
    const simulated = new SimulatedEnvironment()
    this.#environment = {
      now: () => this.#now,
      wallClock: () => simulated.wallClock(),
      random: () => simulated.random(),
      randomBytes: (length) => simulated.randomBytes(length),
      setTimer: (callback, delayMs) => {
        this.#waits.push(delayMs)
        this.#due = () => {
          this.#now += delayMs
          callback()
        }
        return { cancel: () => undefined }
      },
      defer: (callback) => {
        this.#waits.push(0)
        this.#due = callback
      },
    }
  }

  /** The wait before the last of many flushes, each of which takes `costMs` and is asked for at once. */
  settledWait(costMs: number, others = 0): number | undefined {
    const pacer = new FlushPacer(this.#environment, this.#budget, () => {
      this.#now += costMs
    })
    for (let flush = 0; flush < 2_000; flush++) {
      pacer.request()
      this.#due?.()
      if (others > 0) this.#budget.spend(this.#now, others)
    }
    return this.#waits.at(-1)
  }

  get firstWait(): number | undefined {
    return this.#waits[0]
  }
}

describe('the pace of a document that is asked to flush all the time', () => {
  it('is at once for the first time', () => {
    const flushes = new CostlyFlushes(new FanOutBudget())
    flushes.settledWait(1)
    expect(flushes.firstWait).toBe(0)
  })

  it('alone, is a fifth of a core', () => {
    // 1 ms of work in every 5 ms: 4 ms lie between the end of one flush and the start of the next.
    const wait = new CostlyFlushes(new FanOutBudget()).settledWait(1)
    expect(wait).toBeGreaterThan(3.9)
    expect(wait).toBeLessThan(6)
  })

  it('beside others that spend the budget, is a twentieth of a core', () => {
    const wait = new CostlyFlushes(new FanOutBudget()).settledWait(1, 10)
    expect(wait).toBeCloseTo(20, 1)
  })

  it('is never slower than every 50 ms, however dear a flush is', () => {
    const wait = new CostlyFlushes(new FanOutBudget()).settledWait(100, 100)
    expect(wait).toBe(50)
  })
})
