import type { CairnError } from '../protocol/errors.js'
import {
  type CatalogueEntry,
  decodeCatalogueEntry,
  decodeGuard,
  type Guard,
} from './catalogue-entry.js'
import { ChunkJoiner } from './chunks.js'
import { DamagedValue } from './damaged-value.js'
import type { SnapshotInfo } from './document-store.js'
import { readError } from './level-errors.js'
import { asBuffer, idRange, nameKey, readSegmentKey, segmentRange } from './level-keys.js'
import type { LevelReader } from './level-port.js'
import { unseal } from './sealed-value.js'
import { decodeSnapshotIndex } from './snapshot-index.js'

/** What the store knows of a document without reading its log. */
export interface FoundDocument {
  readonly entry: CatalogueEntry
  readonly head: number
}

/** The same where parts may be missing, with what is wrong. */
export interface InspectedDocument {
  /** Undefined where it is damaged. */
  readonly entry: CatalogueEntry | undefined
  /** Undefined where it is damaged. */
  readonly guard: Guard | undefined
  readonly head: number
  readonly problems: readonly CairnError[]
}

/** @throws DOCUMENT_DAMAGED */
export async function findDocument(
  reader: LevelReader,
  name: string,
  nameBytes: Uint8Array,
): Promise<FoundDocument | undefined> {
  const found = await inspectDocument(reader, name, nameBytes)
  if (found === undefined) return undefined
  const { entry, head, problems } = found
  if (problems[0] !== undefined) throw problems[0]
  return entry === undefined ? undefined : { entry, head }
}

/**
 * Looks a document up by its name. The catalogue and its guard lie far apart in the database, so
 * that damage does not take both, and a document does not silently turn into one that never was.
 */
export async function inspectDocument(
  reader: LevelReader,
  name: string,
  nameBytes: Uint8Array,
): Promise<InspectedDocument | undefined> {
  const problems: CairnError[] = []
  const report = (error: unknown): undefined => {
    const problem = readError('DOCUMENT_DAMAGED', `document "${name}"`, error)
    if (problem.code !== 'DOCUMENT_DAMAGED') throw problem
    problems.push(problem)
  }
  const [entry, guard] = await Promise.all([
    findEntry(reader, nameBytes).catch(report),
    findGuard(reader, nameBytes).catch(report),
  ])
  if (problems.length === 0) {
    if (entry === undefined && guard === undefined) return undefined
    if (entry === undefined) report(damaged('its catalogue entry is missing', 'catalogue'))
    if (guard === undefined) report(damaged('the guard of its entry is missing', 'guard'))
  }
  if (entry === undefined) return { entry, guard, head: guard?.head ?? 0, problems }
  const head = (await findHead(reader, entry).catch(report)) ?? 0
  if (guard !== undefined && !asBuffer(entry.id).equals(guard.id)) {
    report(damaged('its catalogue entry and its guard belong to two documents', 'guard'))
  } else if (guard !== undefined && head < guard.head) {
    report(damaged(`its log ends at ${head} and once ended at ${guard.head}`, 'tail'))
  }
  return { entry, guard, head, problems }
}

/**
 * The ids under which anything may be stored for a name, damaged or not; undefined where the name
 * is not known at all.
 */
export async function findIds(
  reader: LevelReader,
  nameBytes: Uint8Array,
): Promise<readonly Uint8Array[] | undefined> {
  const values = await Promise.all([
    reader.get(nameKey('catalogue', nameBytes)),
    reader.get(nameKey('guard', nameBytes)),
  ])
  if (values.every((value) => value === undefined)) return undefined
  const found = await Promise.all([
    findEntry(reader, nameBytes).catch(() => undefined),
    findGuard(reader, nameBytes).catch(() => undefined),
  ])
  const ids = new Map<string, Uint8Array>()
  for (const { id } of found.filter((part) => part !== undefined)) {
    ids.set(asBuffer(id).toString('hex'), id)
  }
  return [...ids.values()]
}

async function findEntry(
  reader: LevelReader,
  name: Uint8Array,
): Promise<CatalogueEntry | undefined> {
  const key = nameKey('catalogue', name)
  const value = await reader.get(key)
  return value === undefined ? undefined : decodeCatalogueEntry(unseal(key, value))
}

async function findGuard(reader: LevelReader, name: Uint8Array): Promise<Guard | undefined> {
  const key = nameKey('guard', name)
  const value = await reader.get(key)
  return value === undefined ? undefined : decodeGuard(unseal(key, value))
}

/** The last sequence that a segment ends with, or that the snapshot stands for. */
async function findHead(reader: LevelReader, entry: CatalogueEntry): Promise<number> {
  const through = entry.snapshot?.through ?? 0
  const range = segmentRange(entry.id, { after: through })
  for await (const page of reader.scanKeys(range, { reverse: true, limit: 1 })) {
    const key = page[0]
    if (key !== undefined) return readSegmentKey(key).lastSequence
  }
  return through
}

/**
 * The snapshot's index, or undefined where the document has no snapshot.
 * @throws DOCUMENT_DAMAGED
 */
export async function readSnapshotInfo(
  reader: LevelReader,
  name: string,
  entry: CatalogueEntry,
): Promise<SnapshotInfo | undefined> {
  const { snapshot } = entry
  if (snapshot === undefined) return undefined
  const { snapshotId, through, byteLength } = snapshot
  const bytes = await readChunked(reader, 'snapshotIndex', name, entry.id, snapshotId)
  return { ...decodeSnapshotIndex(bytes), through, byteLength }
}

/**
 * The snapshot's update, or undefined where the document has no snapshot.
 * @throws DOCUMENT_DAMAGED
 */
export async function readSnapshotUpdate(
  reader: LevelReader,
  name: string,
  entry: CatalogueEntry,
): Promise<Uint8Array | undefined> {
  const { snapshot } = entry
  if (snapshot === undefined) return undefined
  const bytes = await readChunked(reader, 'snapshot', name, entry.id, snapshot.snapshotId)
  if (bytes.length === snapshot.byteLength) return bytes
  const what = `its snapshot has ${bytes.length} bytes, not ${snapshot.byteLength}`
  throw readError('DOCUMENT_DAMAGED', `document "${name}"`, damaged(what, 'snapshot'))
}

async function readChunked(
  reader: LevelReader,
  kind: 'snapshot' | 'snapshotIndex',
  name: string,
  id: Uint8Array,
  snapshotId: Uint8Array,
): Promise<Uint8Array> {
  const joiner = new ChunkJoiner()
  try {
    for await (const page of reader.scan(idRange(kind, id, snapshotId))) {
      for (const [key, value] of page) {
        const chunk = asBuffer(key).readUInt16BE(key.length - 2)
        if (chunk !== joiner.taken) throw damaged(`chunk ${joiner.taken} is missing`, 'chunk')
        const whole = joiner.take(key, value)
        if (whole !== undefined) {
          return new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
        }
      }
    }
    throw damaged(`chunk ${joiner.taken} is missing`, 'chunk')
  } catch (error) {
    throw readError('DOCUMENT_DAMAGED', `the snapshot of document "${name}"`, error)
  }
}

function damaged(what: string, rule: string): DamagedValue {
  return new DamagedValue(
    `${what}. Restore the store from a backup, or export the document with salvage, delete it and` +
      ' import what was saved',
    rule,
  )
}
