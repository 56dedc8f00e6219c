import type { DocumentStat } from './document-store.js'
import type { LevelReader } from './level-port.js'
import { type RecordRange, readRecords } from './segment-reader.js'

/** @throws DOCUMENT_DAMAGED */
export async function summarizeTail(
  reader: LevelReader,
  range: RecordRange,
): Promise<Pick<DocumentStat, 'tailRecords' | 'tailBytes' | 'lastWriteAt'>> {
  let tailRecords = 0
  let tailBytes = 0
  let lastWriteAt: number | undefined
  for await (const page of readRecords(reader, range)) {
    for (const record of page) {
      tailRecords++
      tailBytes += record.update.byteLength
      lastWriteAt = record.time
    }
  }
  return { tailRecords, tailBytes, lastWriteAt }
}
