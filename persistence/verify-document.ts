import type { CatalogueEntry } from './catalogue-entry.js'
import { inspectDocument, readSnapshotInfo, readSnapshotUpdate } from './document-lookup.js'
import type { VerifyReport } from './document-store.js'
import type { LevelReader } from './level-port.js'
import { readTailParts } from './segment-reader.js'

/** Reads everything of one document and says what is wrong with it. */
export async function verifyInLevel(
  reader: LevelReader,
  name: string,
  nameBytes: Uint8Array,
): Promise<VerifyReport> {
  const found = await inspectDocument(reader, name, nameBytes)
  if (found === undefined) {
    return { name, records: 0, bytes: 0, problems: [`there is no document "${name}"`] }
  }
  const problems = found.problems.map((problem) => problem.message)
  const { entry, guard } = found
  if (entry === undefined) return { name, records: 0, bytes: 0, problems }
  let bytes = await verifySnapshot(reader, name, entry, problems)
  let records = 0
  const after = entry.snapshot?.through ?? 0
  const head = Math.max(found.head, guard?.head ?? 0)
  for await (const parts of readTailParts(reader, { name, id: entry.id, after, head })) {
    for (const part of parts) {
      if ('problem' in part) problems.push(part.problem.message)
      else for (const record of part.records) bytes += record.update.byteLength
      if ('records' in part) records += part.records.length
    }
  }
  return { name, records, bytes, problems }
}

async function verifySnapshot(
  reader: LevelReader,
  name: string,
  entry: CatalogueEntry,
  problems: string[],
): Promise<number> {
  let bytes = 0
  for (const read of [readSnapshotInfo, readSnapshotUpdate]) {
    try {
      const found = await read(reader, name, entry)
      if (found instanceof Uint8Array) bytes = found.byteLength
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  return bytes
}
