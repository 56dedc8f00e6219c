import { Buffer } from 'node:buffer'
import type { CatalogueEntry, SnapshotReference } from './catalogue-entry.js'
import { entryOperation } from './catalogue-operations.js'
import { splitChunks } from './chunks.js'
import type { NewSnapshot } from './document-store.js'
import { snapshotKey } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { seal } from './sealed-value.js'
import { encodeSnapshotIndex } from './snapshot-index.js'
import { type Garbage, markKey } from './sweep-mark.js'

export interface SnapshotWrite {
  readonly nameBytes: Uint8Array
  readonly entry: CatalogueEntry
  readonly snapshotId: Uint8Array
  readonly snapshot: NewSnapshot
}

/**
 * Writes a snapshot one chunk at a time, so that appends go between, and last the batch that makes
 * it count: catalogue entry, and marks for what it replaces. A crash before that leaves the old
 * state and a provisional mark, a crash after it sweep marks.
 *
 * @returns the catalogue entry that now stands
 */
export async function writeSnapshotChunks(
  write: SnapshotWrite,
  commit: (
    operations: readonly LevelOperation[],
    options?: { readonly needsSync: boolean },
  ) => Promise<void>,
): Promise<CatalogueEntry> {
  const { entry, snapshotId, snapshot } = write
  const garbage = { what: 'snapshot', id: entry.id, snapshotId } as const
  await commit([putMark('provisional', garbage)])
  for (const operation of snapshotOperations(entry.id, snapshotId, snapshot)) {
    await commit([operation])
  }
  const { through } = snapshot
  const reference: SnapshotReference = {
    snapshotId,
    through,
    byteLength: snapshot.update.byteLength,
  }
  const next: CatalogueEntry = { ...entry, snapshot: reference }
  const old = entry.snapshot
  const operations: readonly LevelOperation[] = [
    entryOperation(write.nameBytes, next),
    { type: 'del', key: markKey('provisional', garbage) },
    putMark('sweep', { what: 'records', id: entry.id, through }),
    ...(old === undefined
      ? []
      : [putMark('sweep', { what: 'snapshot', id: entry.id, snapshotId: old.snapshotId })]),
  ]
  // What it replaces goes next, and no power cut may take both.
  await commit(operations, { needsSync: true })
  return next
}

/** The chunks of a snapshot's index and update, one operation each, made as they are asked for. */
export function* snapshotOperations(
  id: Uint8Array,
  snapshotId: Uint8Array,
  snapshot: NewSnapshot,
): Iterable<LevelOperation> {
  const { update, ...index } = snapshot
  yield* splitChunks(encodeSnapshotIndex(index), (chunk) =>
    snapshotKey('snapshotIndex', id, snapshotId, chunk),
  )
  yield* splitChunks(update, (chunk) => snapshotKey('snapshot', id, snapshotId, chunk))
}

export function putMark(kind: 'sweep' | 'provisional', garbage: Garbage): LevelOperation {
  const key = markKey(kind, garbage)
  return { type: 'put', key, value: seal(key, Buffer.alloc(0)) }
}
