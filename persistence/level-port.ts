import { ClassicLevel } from 'classic-level'
import { syncLogs } from './sync-logs.js'

/** Half open: from `gte` up to and without `lt`, in the order of the bytes. */
export interface KeyRange {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
}

export interface ScanOptions {
  /** From the end. @default false */
  readonly reverse?: boolean
  /** At most this many entries. @default all */
  readonly limit?: number
  /** Entries in one page. @default 1000 */
  readonly pageSize?: number
}

export type LevelEntry = readonly [key: Uint8Array, value: Uint8Array]

export type LevelOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

export interface LevelReader {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** The entries of a range, in pages. */
  scan(range: KeyRange, options?: ScanOptions): AsyncIterable<readonly LevelEntry[]>
  /** The keys of a range, in pages; does not load the values. */
  scanKeys(range: KeyRange, options?: ScanOptions): AsyncIterable<readonly Uint8Array[]>
}

/** What was in the database at one moment; must be closed. */
export interface LevelView extends LevelReader {
  close(): Promise<void>
}

/** What the store needs of an open LevelDB; tests put failures in between. */
export interface LevelPort extends LevelReader {
  view(): LevelView
  /**
   * All or nothing, one at a time. With `sync` it resolves after an fsync, and is never on the disk
   * without everything that was written before it.
   */
  write(operations: LevelOperation[], options: { readonly sync: boolean }): Promise<void>
  close(): Promise<void>
}

export interface OpenLevelOptions {
  readonly createIfMissing: boolean
  readonly writeBufferSize: number
}

export type OpenLevel = (directory: string, options: OpenLevelOptions) => Promise<LevelPort>

type Level = ClassicLevel<Uint8Array, Uint8Array>

/** A page holds at most this many bytes of entries beyond its first. */
const pageBytes = 1024 * 1024

export const openClassicLevel: OpenLevel = async (directory, options) => {
  const level: Level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    ...options,
  })
  await level.open()
  // Opening has put everything that was there into tables.
  let hasUnsynced = false
  return {
    get: (key) => level.get(key),
    scan: (range, scanOptions) =>
      pages(level.iterator(rangeOptions(range, scanOptions)), scanOptions),
    scanKeys: (range, scanOptions) =>
      pages(level.keys(rangeOptions(range, scanOptions)), scanOptions),
    view: () => createView(level),
    async write(operations, { sync }) {
      if (sync && hasUnsynced) await syncLogs(directory)
      hasUnsynced = !sync
      await level.batch(operations, { sync })
    },
    close: () => level.close(),
  }
}

/** LevelDB's own salvage: keeps what it can read and says nothing of the rest. Copy first. */
export function repairLevel(directory: string): Promise<void> {
  return ClassicLevel.repair(directory)
}

function createView(level: Level): LevelView {
  const snapshot = level.snapshot()
  return {
    get: (key) => level.get(key, { snapshot }),
    scan: (range, options) =>
      pages(level.iterator({ ...rangeOptions(range, options), snapshot }), options),
    scanKeys: (range, options) =>
      pages(level.keys({ ...rangeOptions(range, options), snapshot }), options),
    close: () => snapshot.close(),
  }
}

function rangeOptions(range: KeyRange, options: ScanOptions = {}) {
  return {
    gte: range.gte,
    lt: range.lt,
    reverse: options.reverse ?? false,
    limit: options.limit ?? -1,
    highWaterMarkBytes: pageBytes,
  }
}

interface Paged<T> {
  nextv(size: number): Promise<T[]>
  close(): Promise<void>
}

async function* pages<T>(
  iterator: Paged<T>,
  options: ScanOptions = {},
): AsyncIterable<readonly T[]> {
  try {
    for (;;) {
      const page = await iterator.nextv(options.pageSize ?? 1000)
      if (page.length === 0) return
      yield page
    }
  } finally {
    await iterator.close()
  }
}
