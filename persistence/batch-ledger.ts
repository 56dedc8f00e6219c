import { Buffer } from 'node:buffer'
import type { Durability } from './document-store.js'
import { kindRange, ledgerBaseKey, ledgerKey, readLedgerKey } from './level-keys.js'
import type { LevelOperation, LevelReader } from './level-port.js'
import { seal, unseal } from './sealed-value.js'

/**
 * LevelDB drops damaged batches of its write-ahead log without a word. So every batch also puts its
 * number, store wide and without holes; a number that is missing at open is a batch that was lost.
 * Numbers are kept for as long as their batch may be in a `.log` file only.
 */

/**
 * After this many bytes more a batch is surely in a table. LevelDB keeps two memtables at most,
 * each is full at 4 MiB and overshoots by one batch, and a batch counts for 4 MiB at most.
 */
const keptBytes = 16 * 1024 * 1024
const countedBatchBytes = 4 * 1024 * 1024
const checkpointBytes = 1024 * 1024
/** Old numbers are deleted in groups of at least this many … */
const trimAtLeast = 256
/** … and at most this many in one batch. */
const trimAtMost = 1024
/** What LevelDB adds to an operation in its memtable, at least. */
const operationOverhead = 16

/** A run of batches that is missing. */
export interface LostBatches {
  readonly from: number
  readonly to: number
  /** How durable the batch after the run was written, or the run itself where that is known. */
  readonly durability: Durability
}

export interface LedgerState {
  /** The oldest number that is still stored; `next` where there is none. */
  readonly oldest: number
  readonly last: number
  readonly generation: number
  readonly hasBase: boolean
  readonly lost: readonly LostBatches[]
}

/** Reads the ledger of a database that was just opened. */
export async function readLedger(reader: LevelReader): Promise<LedgerState> {
  const baseValue = await reader.get(ledgerBaseKey)
  const baseBody = baseValue === undefined ? undefined : unseal(ledgerBaseKey, baseValue)
  const base = baseBody?.readUIntBE(0, 6) ?? 1
  const lost: LostBatches[] = []
  let oldest: number | undefined
  let last = base - 1
  for await (const page of reader.scan(kindRange('ledger'))) {
    for (const [key, value] of page) {
      const number = readLedgerKey(key)
      oldest ??= number
      if (number < base) continue
      const durability = decodeDurability(unseal(key, value)[0])
      if (number !== last + 1) lost.push({ from: last + 1, to: number - 1, durability })
      last = number
    }
  }
  return {
    oldest: oldest ?? last + 1,
    last,
    generation: baseBody?.readUInt32BE(6) ?? 0,
    hasBase: baseBody !== undefined,
    lost,
  }
}

/** Numbers the batches and forgets old numbers on the way. */
export class BatchLedger {
  readonly #durability: Durability
  readonly #checkpoints: { readonly number: number; readonly bytes: number }[] = []
  readonly generation: number
  #oldest: number
  #last: number
  #bytes = 0
  /** What the base says; never lower than before, since there may be holes below it. */
  #baseNumber = 0
  /** Numbers below this one are of batches that are in tables. */
  #trimBelow: number

  /** After opening, LevelDB has put everything older into tables. */
  constructor(start: { oldest: number; last: number; generation: number }, durability: Durability) {
    this.#durability = durability
    this.generation = start.generation
    this.#oldest = Math.min(start.oldest, start.last + 1)
    this.#last = start.last
    this.#trimBelow = start.last + 1
  }

  /** The number of the batch that was stamped last. */
  get last(): number {
    return this.#last
  }

  /** The batch that begins a session: everything before it counts no more. */
  rebase(): LevelOperation[] {
    const number = ++this.#last
    return [this.#entry(number), this.#raiseBase(number)]
  }

  /** Adds the next number, and what is due to be forgotten, to the operations of a batch. */
  stamp(operations: LevelOperation[]): void {
    let bytes = 0
    for (const operation of operations) {
      bytes += operation.key.length + operationOverhead
      if (operation.type === 'put') bytes += operation.value.length
    }
    this.#bytes += Math.min(bytes, countedBatchBytes)
    const number = ++this.#last
    operations.push(this.#entry(number))
    this.#noteCheckpoint(number)
    if (this.#trimBelow - this.#oldest < trimAtLeast) return
    const end = Math.min(this.#trimBelow, this.#oldest + trimAtMost)
    for (let old = this.#oldest; old < end; old++) {
      operations.push({ type: 'del', key: ledgerKey(old) })
    }
    this.#oldest = end
    operations.push(this.#raiseBase(end))
  }

  #noteCheckpoint(number: number): void {
    const newest = this.#checkpoints.at(-1)
    if (newest === undefined || this.#bytes - newest.bytes >= checkpointBytes) {
      this.#checkpoints.push({ number, bytes: this.#bytes })
    }
    const oldest = this.#checkpoints[0]
    if (oldest !== undefined && this.#bytes - oldest.bytes > keptBytes) {
      this.#trimBelow = oldest.number
      this.#checkpoints.shift()
    }
  }

  #entry(number: number): LevelOperation {
    const key = ledgerKey(number)
    const body = Buffer.of(this.#durability === 'fsync' ? 1 : 0)
    return { type: 'put', key, value: seal(key, body) }
  }

  #raiseBase(number: number): LevelOperation {
    this.#baseNumber = Math.max(this.#baseNumber, number)
    const body = Buffer.alloc(10)
    body.writeUIntBE(this.#baseNumber, 0, 6)
    body.writeUInt32BE(this.generation, 6)
    return { type: 'put', key: ledgerBaseKey, value: seal(ledgerBaseKey, body) }
  }
}

function decodeDurability(byte: number | undefined): Durability {
  return byte === 1 ? 'fsync' : 'os'
}
