import { Buffer } from 'node:buffer'
import type { DocumentStat, DocumentSummary } from '../persistence/document-store.js'

/** A summary or stat as `--json` prints it: the same fields, the epoch in hexadecimal. */
export function describeSummary(
  summary: DocumentSummary | DocumentStat,
): Readonly<Record<string, unknown>> {
  return { ...summary, epoch: Buffer.from(summary.epoch).toString('hex') }
}
