import * as Y from 'yjs'
import { indexUpdate } from '../persistence/index-update.js'
import { toCairnError } from '../protocol/errors.js'
import type { CompactedDocument, WorkerAnswer, WorkerJob } from './document-worker.js'
import { keepFormattingMarks } from './keep-formatting-marks.js'

/** What the worker thread does with one job. Never throws. */
export function answerTo(job: WorkerJob): WorkerAnswer {
  try {
    switch (job.kind) {
      case 'compact':
        return { id: job.id, kind: 'compacted', document: compact(job.updates, job.gc) }
      case 'difference':
        return { id: job.id, kind: 'difference', update: Y.diffUpdate(job.update, job.stateVector) }
    }
  } catch (error) {
    return { id: job.id, kind: 'failed', message: toCairnError(error).message }
  }
}

function compact(updates: readonly Uint8Array[], gc: boolean): CompactedDocument {
  const document = new Y.Doc({ gc })
  // The snapshot must hold what the log holds and nothing else.
  keepFormattingMarks(document)
  document.transact(() => {
    for (const update of updates) Y.applyUpdate(document, update)
  })
  if (document.store.pendingStructs !== null || document.store.pendingDs !== null) {
    throw new Error('the log is not a complete document: structs or deletes are left pending')
  }
  const update = Y.encodeStateAsUpdate(document)
  document.destroy()
  return { update, ...indexUpdate(update) }
}
