import type { CairnError } from '../protocol/errors.js'
import type { LogRecord } from './document-store.js'
import type { LevelOperation } from './level-port.js'
import { encodeSegment } from './segment.js'

/** The most bytes that one batch takes from the queue, unless its first item alone is larger. */
export const maxBatchBytes = 4 * 1024 * 1024
/** The most items that one batch takes from the queue. */
export const maxBatchItems = 16_384
/** A document's records in one batch are cut into segments of about this many bytes. */
const segmentBytes = 64 * 1024

/** One thing that becomes durable whole: records of one log, operations, or both. */
export interface CommitItem {
  /** Whose record it is; records of one owner in one batch share a segment. */
  readonly owner: { readonly id: Uint8Array } | undefined
  readonly record: LogRecord | undefined
  readonly operations: readonly LevelOperation[]
  /** Whether it has to survive a power cut whatever the durability. */
  readonly needsSync: boolean
  /** About the bytes that it adds to a batch. */
  readonly byteLength: number
  /** Called in queue order, all of a batch in one turn. */
  resolve(): void
  reject(error: CairnError): void
}

/**
 * Group commit: at most one batch is in flight, and what arrives meanwhile is the next batch. A
 * failed write is handed to `onFailure`; the queue then stands still until `fail` empties it.
 */
export class GroupCommit {
  readonly #write: (operations: LevelOperation[], needsSync: boolean) => Promise<void>
  readonly #onFailure: (error: unknown) => void
  #queue: CommitItem[] = []
  #inFlight: readonly CommitItem[] = []
  #isScheduled = false
  #isStopped = false
  #idleWaiters: (() => void)[] = []
  #heldBytes = 0
  #updateBytes = 0

  constructor(
    write: (operations: LevelOperation[], needsSync: boolean) => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.#write = write
    this.#onFailure = onFailure
  }

  /** `byteLength` of all items that are not durable yet, those in flight included. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The bytes of the updates among them. */
  get updateBytes(): number {
    return this.#updateBytes
  }

  push(item: CommitItem): void {
    this.#queue.push(item)
    this.#heldBytes += item.byteLength
    this.#updateBytes += item.record?.update.byteLength ?? 0
    this.#schedule()
  }

  /** Resolves once nothing is queued or in flight. */
  idle(): Promise<void> {
    if (this.#queue.length === 0 && this.#inFlight.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  /** Rejects everything, oldest first, and starts afresh. */
  fail(error: CairnError): void {
    const items = [...this.#inFlight, ...this.#queue]
    this.#inFlight = []
    this.#queue = []
    this.#heldBytes = 0
    this.#updateBytes = 0
    this.#isStopped = false
    for (const item of items) item.reject(error)
    this.#wakeIdle()
  }

  /** A turn later, so that what is pushed in one turn shares a batch. */
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped || this.#inFlight.length > 0) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (this.#queue.length === 0 || this.#inFlight.length > 0 || this.#isStopped) return
      void this.#commit(this.#takeBatch())
    })
  }

  async #commit(batch: readonly CommitItem[]): Promise<void> {
    this.#inFlight = batch
    try {
      const needsSync = batch.some((item) => item.needsSync)
      await this.#write(encodeBatch(batch), needsSync)
    } catch (error) {
      if (this.#inFlight !== batch) return
      this.#isStopped = true
      this.#onFailure(error)
      return
    }
    this.#settle(batch)
  }

  #takeBatch(): readonly CommitItem[] {
    let bytes = 0
    let count = 0
    for (const item of this.#queue) {
      if (count > 0 && (bytes + item.byteLength > maxBatchBytes || count >= maxBatchItems)) break
      bytes += item.byteLength
      count++
    }
    if (count < this.#queue.length) return this.#queue.splice(0, count)
    const batch = this.#queue
    this.#queue = []
    return batch
  }

  #settle(batch: readonly CommitItem[]): void {
    // Another batch here means that `fail` has answered for this one.
    if (this.#inFlight !== batch) return
    this.#inFlight = []
    for (const item of batch) {
      this.#heldBytes -= item.byteLength
      this.#updateBytes -= item.record?.update.byteLength ?? 0
    }
    for (const item of batch) item.resolve()
    if (this.#queue.length > 0) this.#schedule()
    else this.#wakeIdle()
  }

  #wakeIdle(): void {
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const wake of waiters) wake()
  }
}

function encodeBatch(batch: readonly CommitItem[]): LevelOperation[] {
  const operations: LevelOperation[] = []
  const segments = new Map<{ readonly id: Uint8Array }, OpenSegment>()
  for (const item of batch) {
    for (const operation of item.operations) operations.push(operation)
    if (item.owner === undefined || item.record === undefined) continue
    const segment = segments.get(item.owner)
    if (segment === undefined) {
      segments.set(item.owner, { records: [item.record], byteLength: item.byteLength })
    } else if (segment.byteLength + item.byteLength > segmentBytes) {
      operations.push(...encodeSegment(item.owner.id, segment.records))
      segments.set(item.owner, { records: [item.record], byteLength: item.byteLength })
    } else {
      segment.records.push(item.record)
      segment.byteLength += item.byteLength
    }
  }
  for (const [owner, segment] of segments) {
    for (const operation of encodeSegment(owner.id, segment.records)) operations.push(operation)
  }
  return operations
}

interface OpenSegment {
  readonly records: LogRecord[]
  byteLength: number
}
