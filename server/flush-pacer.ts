import type { Environment, Timer } from '../runtime/environment.js'
import type { FanOutBudget } from './fan-out-budget.js'
import { SpendingRate } from './spending-rate.js'

/** The longest that an update waits for company. */
const maxIntervalMs = 50
/** How fast the measured cost of one flush forgets. */
const smoothing = 0.2

/**
 * Decides when a document flushes: at once while it is idle, and under load as seldom as its
 * measured cost asks for, so that many updates share one write per connection.
 */
export class FlushPacer {
  readonly #environment: Environment
  readonly #budget: FanOutBudget
  readonly #flush: () => void
  readonly #spent = new SpendingRate()
  #state: PacerState = { name: 'idle' }
  #lastFlushAt = Number.NEGATIVE_INFINITY
  #costMs = 0

  constructor(environment: Environment, budget: FanOutBudget, flush: () => void) {
    this.#environment = environment
    this.#budget = budget
    this.#flush = flush
  }

  /** Asks for a flush soon. Asking again before it comes changes nothing. */
  request(): void {
    if (this.#state.name !== 'idle') return
    const now = this.#environment.now()
    const delay = this.#lastFlushAt + this.#intervalAt(now) - now
    if (delay > 0) {
      this.#state = {
        name: 'timed',
        timer: this.#environment.setTimer(() => this.#run(), delay),
      }
    } else {
      this.#state = { name: 'deferred' }
      this.#environment.defer(() => {
        if (this.#state.name === 'deferred') this.#run()
      })
    }
  }

  /** Forgets a flush that was asked for. */
  cancel(): void {
    if (this.#state.name === 'timed') this.#state.timer.cancel()
    this.#state = { name: 'idle' }
  }

  /** Milliseconds that lie between two flushes at the present cost and share. */
  #intervalAt(now: number): number {
    return Math.min(maxIntervalMs, this.#costMs / this.#budget.shareFor(this.#spent, now))
  }

  #run(): void {
    this.#state = { name: 'idle' }
    const start = this.#environment.now()
    this.#flush()
    const end = this.#environment.now()
    this.#lastFlushAt = end
    const cost = end - start
    this.#spent.add(end, cost)
    this.#budget.spend(end, cost)
    this.#costMs += smoothing * (cost - this.#costMs)
  }
}

type PacerState =
  | { readonly name: 'idle' }
  | { readonly name: 'deferred' }
  | { readonly name: 'timed'; readonly timer: Timer }
