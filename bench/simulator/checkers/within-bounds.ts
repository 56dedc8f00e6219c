import type { Checker, LoadSample, SentTurn } from '../checker.js'

export interface Bounds {
  /** Bytes that one connection may have waiting in the server. */
  readonly bufferedBytes: number
  /** Bytes of updates that may wait for the store. */
  readonly queuedBytes: number
}

/** Timers that a server may have beside those of its connections and documents. */
const spareTimers = 20
const timersOfConnection = 6
const timersOfDocument = 6

/** Queues and timers stay within their limits, however slow the network and the disk are. */
export class WithinBounds implements Checker {
  readonly invariant = 'within-bounds'
  readonly #bounds: Bounds

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Who does not read is owed what it lacks; it is not sent more. */
  sent({ connectionId, wasDrained }: SentTurn): string | undefined {
    return wasDrained ? undefined : `more was sent to ${connectionId}, which had not read the last`
  }

  sampled(sample: LoadSample): string | undefined {
    const { bufferedBytes, queuedBytes, timers, connections, documents } = sample
    if (bufferedBytes > this.#bounds.bufferedBytes) {
      return `${bufferedBytes} bytes wait for one connection, allowed are ${this.#bounds.bufferedBytes}`
    }
    if (queuedBytes > this.#bounds.queuedBytes) {
      return `${queuedBytes} bytes wait for the store, allowed are ${this.#bounds.queuedBytes}`
    }
    const maxTimers = spareTimers + timersOfConnection * connections + timersOfDocument * documents
    if (timers > maxTimers) {
      return `${timers} timers for ${connections} connections and ${documents} documents`
    }
    return undefined
  }
}
