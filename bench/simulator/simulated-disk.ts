import type {
  KeyRange,
  LevelEntry,
  LevelOperation,
  LevelPort,
  LevelReader,
  LevelView,
  OpenLevel,
  ScanOptions,
} from '../../persistence/level-port.js'
import type { RandomStream } from './random-stream.js'
import type { SimulatedProcess } from './simulated-process.js'

/** What is the matter with the disk. */
export interface DiskTrouble {
  /** Writes fail, with what the system would say. */
  writes: 'EIO' | 'ENOSPC' | undefined
  /** Reads and opening fail. */
  reads: boolean
  /** How much longer everything takes. */
  slowdown: number
}

/** Sorted keys are made when somebody scans, and thrown away by the next write. */
interface Table {
  readonly values: Map<string, LevelEntry>
  sorted: readonly string[] | undefined
}

const readMs = 0.05
const writeMs = 0.1
const syncMs = 1
const openMs = 5

/**
 * What LevelDB is to the store, in memory: batches that are written whole or not at all, a log that
 * is synced when a batch asks for it, and after a power cut only what was synced for certain. After a
 * failed write it refuses every other one until it is opened again, as LevelDB does.
 */
export class SimulatedDisk {
  readonly trouble: DiskTrouble = { writes: undefined, reads: false, slowdown: 1 }
  readonly #random: RandomStream
  #table: Table = { values: new Map(), sorted: undefined }
  /** What a power cut leaves for certain. */
  #synced: Table = { values: new Map(), sorted: undefined }
  /** Batches since, oldest first. */
  #unsynced: (readonly LevelOperation[])[] = []
  #exists = false
  /** Whether a view reads the present table, so that the next write must leave it alone. */
  #isShared = false
  #opened = 0

  constructor(random: RandomStream) {
    this.#random = random
  }

  /** The system loses what it had not written out: a part of the last batches, and the torn one. */
  losePower(): { readonly lostBatches: number } {
    this.#opened++
    const kept = this.#random.integer(0, this.#unsynced.length)
    const lostBatches = this.#unsynced.length - kept
    this.#unsynced = this.#unsynced.slice(0, kept)
    this.#sync()
    this.#table = { values: new Map(this.#synced.values), sorted: undefined }
    return { lostBatches }
  }

  heal(): void {
    Object.assign(this.trouble, { writes: undefined, reads: false, slowdown: 1 })
  }

  /** The same content on another disk. */
  copyTo(other: SimulatedDisk): void {
    other.#table = { values: new Map(this.#table.values), sorted: undefined }
    other.#synced = { values: new Map(this.#table.values), sorted: undefined }
    other.#exists = this.#exists
  }

  /** Opens it for `process`; what opened it before is closed by that. `onCreated`: it is there now. */
  opener(process: SimulatedProcess, onCreated: () => void): OpenLevel {
    return async (directory, { createIfMissing }) => {
      await process.call('disk', openMs * this.trouble.slowdown, () => {
        if (this.trouble.reads) throw diskError('EIO')
        if (!this.#exists && !createIfMissing) {
          throw new Error(`${directory} does not exist (create_if_missing is false)`)
        }
        this.#exists = true
        onCreated()
      })
      return this.#port(process, ++this.#opened)
    }
  }

  #port(process: SimulatedProcess, handle: number): LevelPort {
    let isBroken = false
    const write = (operations: LevelOperation[], { sync }: { readonly sync: boolean }) => {
      const spread = this.#random.exponential(sync ? syncMs : writeMs)
      // What a process that dies on the way has handed to the system may be there, or not.
      const mayApply = (): void => {
        if (handle === this.#opened && this.#random.chance(0.5)) this.#write(operations, false)
      }
      return process.call(
        'disk',
        spread * this.trouble.slowdown,
        () => {
          if (isBroken || handle !== this.#opened) throw diskError('EIO')
          const { writes } = this.trouble
          if (writes !== undefined) {
            isBroken = true
            mayApply()
            throw diskError(writes)
          }
          this.#write(operations, sync)
        },
        mayApply,
      )
    }
    return {
      ...this.#reader(process, () => this.#table),
      view: () => this.#view(process),
      write,
      close: () => process.call('disk', readMs, () => undefined),
    }
  }

  #view(process: SimulatedProcess): LevelView {
    const table = this.#table
    this.#isShared = true
    return {
      ...this.#reader(process, () => table),
      close: () => Promise.resolve(),
    }
  }

  #reader(process: SimulatedProcess, current: () => Table): LevelReader {
    const call = <Result>(work: () => Result): Promise<Result> =>
      process.call('disk', readMs * this.trouble.slowdown, () => {
        if (this.trouble.reads && this.#random.chance(0.5)) throw diskError('EIO')
        return work()
      })
    async function* pages<Item>(
      range: KeyRange,
      options: ScanOptions,
      itemOf: (entry: LevelEntry) => Item,
    ): AsyncIterable<readonly Item[]> {
      const { pageSize = 1_000 } = options
      const found = scan(current(), range, options)
      for (let start = 0; start < found.length; start += pageSize) {
        yield await call(() => found.slice(start, start + pageSize).map(itemOf))
      }
    }
    return {
      get: (key) => call(() => current().values.get(textOf(key))?.[1]),
      scan: (range, options = {}) => pages(range, options, (entry) => entry),
      scanKeys: (range, options = {}) => pages(range, options, ([key]) => key),
    }
  }

  #write(operations: readonly LevelOperation[], sync: boolean): void {
    this.#apply(operations)
    this.#unsynced.push(operations)
    if (sync) this.#sync()
  }

  #apply(operations: readonly LevelOperation[]): void {
    if (this.#isShared) this.#table = { values: new Map(this.#table.values), sorted: undefined }
    this.#isShared = false
    applyTo(this.#table, operations)
  }

  #sync(): void {
    for (const operations of this.#unsynced) applyTo(this.#synced, operations)
    this.#unsynced = []
  }
}

function applyTo(table: Table, operations: readonly LevelOperation[]): void {
  table.sorted = undefined
  for (const operation of operations) {
    const key = textOf(operation.key)
    if (operation.type === 'del') table.values.delete(key)
    else table.values.set(key, [Uint8Array.from(operation.key), Uint8Array.from(operation.value)])
  }
}

function scan(table: Table, range: KeyRange, options: ScanOptions): readonly LevelEntry[] {
  table.sorted ??= [...table.values.keys()].sort()
  const { sorted } = table
  const from = lowerBound(sorted, textOf(range.gte))
  const to = lowerBound(sorted, textOf(range.lt))
  const keys = sorted.slice(from, to)
  if (options.reverse === true) keys.reverse()
  const limited = options.limit === undefined ? keys : keys.slice(0, options.limit)
  return limited.flatMap((key) => {
    const entry = table.values.get(key)
    return entry === undefined ? [] : [entry]
  })
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

/** One character for each byte, so that strings sort as their bytes do. */
function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

function diskError(code: 'EIO' | 'ENOSPC'): Error {
  const text = code === 'EIO' ? 'Input/output error' : 'No space left on device'
  return Object.assign(new Error(`IO error: ${text}`), { code: 'LEVEL_IO_ERROR' })
}
