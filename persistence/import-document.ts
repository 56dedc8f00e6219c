import type { Environment } from '../runtime/environment.js'
import type { CatalogueEntry } from './catalogue-entry.js'
import { catalogueOperations } from './catalogue-operations.js'
import { checkWhole } from './check-whole.js'
import type { ExportedDocument, LogRecord } from './document-store.js'
import { mixGeneration } from './epoch-generation.js'
import type { LevelEngine } from './level-engine.js'
import { documentIdLength, snapshotIdLength } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { encodeSegment } from './segment.js'
import { putMark, snapshotOperations } from './snapshot-writer.js'
import { markKey } from './sweep-mark.js'

/** Records of an imported document go into segments of about this many bytes. */
const segmentBytes = 64 * 1024

/**
 * Writes a document in several batches, the last of which makes it count. The name must be held and
 * not be in the catalogue.
 * @throws DOCUMENT_DAMAGED where the document is not a whole one, STORE_UNAVAILABLE
 */
export async function importToLevel(
  document: ExportedDocument,
  nameBytes: Uint8Array,
  engine: LevelEngine,
  environment: Environment,
): Promise<void> {
  const head = checkWhole(document)
  const { snapshot } = document
  const id = environment.randomBytes(documentIdLength)
  const snapshotId = environment.randomBytes(snapshotIdLength)
  const garbage = { what: 'document', id } as const
  await engine.commit([putMark('provisional', garbage)])
  if (snapshot !== undefined) {
    for (const operation of snapshotOperations(id, snapshotId, snapshot)) {
      await engine.commit([operation])
    }
  }
  for (const records of segments(document.records)) {
    await engine.commit(encodeSegment(id, records))
  }
  const entry: CatalogueEntry = {
    id,
    epoch: mixGeneration(document.epoch, engine.generation),
    createdAt: document.createdAt,
    snapshot:
      snapshot === undefined
        ? undefined
        : { snapshotId, through: snapshot.through, byteLength: snapshot.update.byteLength },
  }
  const operations: readonly LevelOperation[] = [
    ...catalogueOperations(nameBytes, entry, head),
    { type: 'del', key: markKey('provisional', garbage) },
  ]
  await engine.commit(operations, { needsSync: true })
}

function* segments(records: readonly LogRecord[]): Iterable<readonly LogRecord[]> {
  let segment: LogRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (segment.length > 0 && bytes + record.update.byteLength > segmentBytes) {
      yield segment
      segment = []
      bytes = 0
    }
    segment.push(record)
    bytes += record.update.byteLength
  }
  if (segment.length > 0) yield segment
}
