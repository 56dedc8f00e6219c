import type { CairnError } from '../protocol/errors.js'
import { readError } from './level-errors.js'
import { kindRange } from './level-keys.js'
import type { LevelOperation, LevelPort } from './level-port.js'
import { sweptRanges } from './sweep-mark.js'

/** Keys that one batch of removal deletes; appends of others go between the batches. */
const keysPerBatch = 1000

/** Where the sweeper works. */
export interface SweptStore {
  readonly level: LevelPort
  commit(operations: readonly LevelOperation[]): Promise<void>
}

/**
 * Removes in the background what the sweep marks name, in small batches. Whatever stops it, the
 * marks that are left say where to go on.
 */
export class GarbageSweeper {
  readonly #store: SweptStore
  readonly #onProblem: (problem: CairnError) => void
  #running: Promise<void> | undefined
  #isAsked = false
  #isStopped = false

  constructor(store: SweptStore, onProblem: (problem: CairnError) => void) {
    this.#store = store
    this.#onProblem = onProblem
  }

  /** Says that there may be marks. */
  kick(): void {
    this.#isStopped = false
    this.#isAsked = true
    this.#running ??= this.#run()
  }

  /** Ends after the batch at hand. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#isAsked && !this.#isStopped) {
        this.#isAsked = false
        await this.#sweepMarks()
      }
    } catch (error) {
      const problem = readError('STORE_DAMAGED', 'what is to be removed from the store', error)
      // A store that fails or closes kicks again when it is ready.
      if (problem.code === 'STORE_DAMAGED') this.#onProblem(problem)
    } finally {
      this.#running = undefined
    }
  }

  async #sweepMarks(): Promise<void> {
    for await (const page of this.#store.level.scanKeys(kindRange('sweep'))) {
      for (const markKey of page) {
        if (this.#isStopped) return
        await this.#sweep(markKey)
      }
    }
  }

  async #sweep(markKey: Uint8Array): Promise<void> {
    for (const range of sweptRanges(markKey)) {
      for await (const page of this.#store.level.scanKeys(range, { pageSize: keysPerBatch })) {
        if (this.#isStopped) return
        await this.#store.commit(page.map((key) => ({ type: 'del', key })))
      }
    }
    if (!this.#isStopped) await this.#store.commit([{ type: 'del', key: markKey }])
  }
}
