import type { Environment, Timer } from '../runtime/environment.js'

/** Of one core, how much one document may spend on fan-out when it is busy. */
const share = 0.05
/** The longest that an update waits for company. */
const maxIntervalMs = 50
/** How fast the measured cost forgets. */
const smoothing = 0.2

/**
 * Decides when a document flushes: at once while it is idle, and under load as seldom as its
 * measured cost asks for, so that many updates share one write per connection.
 */
export class FlushPacer {
  readonly #environment: Environment
  readonly #flush: () => void
  #state: PacerState = { name: 'idle' }
  #lastFlushAt = Number.NEGATIVE_INFINITY
  #costMs = 0

  constructor(environment: Environment, flush: () => void) {
    this.#environment = environment
    this.#flush = flush
  }

  /** Asks for a flush soon. Asking again before it comes changes nothing. */
  request(): void {
    if (this.#state.name !== 'idle') return
    const delay = this.#lastFlushAt + this.intervalMs - this.#environment.now()
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

  /** Milliseconds that lie between two flushes at the present cost. */
  get intervalMs(): number {
    return Math.min(maxIntervalMs, this.#costMs / share)
  }

  #run(): void {
    this.#state = { name: 'idle' }
    const start = this.#environment.now()
    this.#flush()
    this.#lastFlushAt = this.#environment.now()
    this.#costMs += smoothing * (this.#lastFlushAt - start - this.#costMs)
  }
}

type PacerState =
  | { readonly name: 'idle' }
  | { readonly name: 'deferred' }
  | { readonly name: 'timed'; readonly timer: Timer }
