import * as Y from 'yjs'
import type { ExportedDocument } from '../persistence/document-store.js'

/** The document that the stored bytes make, in memory, with what was deleted already let go. */
export function loadDocument(exported: Pick<ExportedDocument, 'snapshot' | 'records'>): Y.Doc {
  const doc = new Y.Doc({ gc: true })
  // One transaction for all: Yjs then cleans up once instead of once per record.
  doc.transact(() => {
    if (exported.snapshot !== undefined) Y.applyUpdate(doc, exported.snapshot.update)
    for (const record of exported.records) Y.applyUpdate(doc, record.update)
  })
  return doc
}
