import { Buffer } from 'node:buffer'
import type { DocumentWorker } from './document-worker.js'

/**
 * What clients of one document lack of its snapshot, as the worker finds it out: one comparison at a
 * time, so that however many ask and however often they come back, a document takes one place among
 * all that want the worker.
 */
export class Differences {
  readonly #worker: DocumentWorker
  #current: Comparison | undefined

  constructor(worker: DocumentWorker) {
    this.#worker = worker
  }

  /**
   * What a client with `stateVector` lacks of `snapshot`. Who asks what is being found out already
   * gets the same. Undefined where something else is, or where the worker is too busy or failed: then
   * the whole snapshot does, of which the client skips what it knows.
   *
   * @param isWanted whether the one who asks still waits for it
   */
  of(
    snapshot: Uint8Array,
    stateVector: Uint8Array,
    isWanted: () => boolean,
  ): Promise<Uint8Array | undefined> {
    const current = this.#current
    if (current === undefined) return this.#compare(snapshot, stateVector, isWanted)
    const isSame =
      current.snapshot === snapshot && Buffer.compare(current.stateVector, stateVector) === 0
    if (!isSame) return Promise.resolve(undefined)
    current.wanted.push(isWanted)
    return current.difference
  }

  #compare(
    snapshot: Uint8Array,
    stateVector: Uint8Array,
    isWanted: () => boolean,
  ): Promise<Uint8Array | undefined> {
    const wanted = [isWanted]
    const difference = this.#worker
      .difference(snapshot, stateVector, () => wanted.some((isStillWanted) => isStillWanted()))
      .catch(() => undefined)
      .finally(() => {
        this.#current = undefined
      })
    this.#current = { snapshot, stateVector, wanted, difference }
    return difference
  }
}

interface Comparison {
  readonly snapshot: Uint8Array
  readonly stateVector: Uint8Array
  readonly wanted: (() => boolean)[]
  readonly difference: Promise<Uint8Array | undefined>
}
