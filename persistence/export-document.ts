import { CairnError } from '../protocol/errors.js'
import type { CatalogueEntry } from './catalogue-entry.js'
import { inspectDocument, readSnapshotInfo, readSnapshotUpdate } from './document-lookup.js'
import type { ExportedDocument, LogRecord, NewSnapshot } from './document-store.js'
import { mixGeneration } from './epoch-generation.js'
import type { LevelReader } from './level-port.js'
import { readTailParts, type TailPart } from './segment-reader.js'

export interface ExportRequest {
  readonly name: string
  readonly nameBytes: Uint8Array
  readonly generation: number
  /** Gives what stands before the damage instead of failing at it. */
  readonly salvage: boolean
}

/**
 * @throws DOCUMENT_DAMAGED; with `salvage` only where nothing stands before the damage
 */
export async function exportFromLevel(
  reader: LevelReader,
  request: ExportRequest,
): Promise<ExportedDocument | undefined> {
  const { name, nameBytes, generation, salvage } = request
  const found = await inspectDocument(reader, name, nameBytes)
  if (found === undefined) return undefined
  const problem = found.problems[0]
  if (problem !== undefined && !salvage) throw problem
  // Without its entry a document still has its records, under the id that the guard knows.
  const entry = found.entry ?? entryFromId(found.guard?.id)
  if (entry === undefined) throw problem ?? new Error('neither entry nor guard, and no problem')
  const snapshot = await exportSnapshot(reader, name, entry)
  const after = snapshot?.through ?? 0
  const records: LogRecord[] = []
  const head = salvage ? Number.MAX_SAFE_INTEGER : found.head
  for await (const parts of readTailParts(reader, { name, id: entry.id, after, head })) {
    const damage = takeIntact(parts, records)
    if (damage === undefined) continue
    if (!salvage) throw damage
    break
  }
  if (snapshot === undefined && records.length === 0) {
    throw problem ?? nothingLeft(name)
  }
  const epoch = mixGeneration(entry.epoch, generation)
  return { name, epoch, createdAt: entry.createdAt, snapshot, records }
}

/** Adds the records before the first problem and returns the problem. */
function takeIntact(parts: readonly TailPart[], records: LogRecord[]): CairnError | undefined {
  for (const part of parts) {
    if ('problem' in part) return part.problem
    for (const record of part.records) records.push(record)
  }
  return undefined
}

async function exportSnapshot(
  reader: LevelReader,
  name: string,
  entry: CatalogueEntry,
): Promise<NewSnapshot | undefined> {
  const info = await readSnapshotInfo(reader, name, entry)
  const update = await readSnapshotUpdate(reader, name, entry)
  if (info === undefined || update === undefined) return undefined
  const { through, stateVector, deleteSet, rootNames, subdocuments } = info
  return { through, update, stateVector, deleteSet, rootNames, subdocuments }
}

function entryFromId(id: Uint8Array | undefined): CatalogueEntry | undefined {
  return id === undefined ? undefined : { id, epoch: id, createdAt: 0, snapshot: undefined }
}

function nothingLeft(name: string): CairnError {
  const what = `document "${name}": nothing stands before the damage`
  return new CairnError('DOCUMENT_DAMAGED', what, { rule: 'nothing-left' })
}
