import { CairnError } from '../protocol/errors.js'

/**
 * The compactions of all documents, one at a time: each has its document in memory several times
 * over, and the thread that does the work takes one after the other anyway.
 */
export class CompactionQueue {
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #isRunning = false

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  /** Does `job` when its turn comes. @throws RATE where too many wait; what `job` throws */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#isRunning) await this.#turn()
    this.#isRunning = true
    try {
      return await job()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#isRunning = false
      else next()
    }
  }

  /** Resolves when the one before has handed over; nobody else gets in between. */
  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new CairnError('RATE', `${this.#waiting.length} compactions wait already`)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
