import { answerTo } from '../server/document-work.js'
import type { DocumentWorker } from '../server/document-worker.js'

/** The work of the document worker, done at once and without a thread. */
export const inlineWorker: DocumentWorker = {
  compact(updates) {
    const answer = answerTo({ kind: 'compact', id: 1, updates, gc: true })
    if (answer.kind === 'compacted') return Promise.resolve(answer.document)
    return Promise.reject(new Error(`expected a compacted document, got ${answer.kind}`))
  },
  difference(update, stateVector) {
    const answer = answerTo({ kind: 'difference', id: 1, update, stateVector })
    if (answer.kind === 'difference') return Promise.resolve(answer.update)
    return Promise.reject(new Error(`expected a difference, got ${answer.kind}`))
  },
  close: () => Promise.resolve(),
}

/** A worker that does nothing, so that a tail stays as it is. */
export const idleWorker: DocumentWorker = {
  compact: () => Promise.reject(new Error('it compacts nothing')),
  difference: () => Promise.reject(new Error('it compares nothing')),
  close: () => Promise.resolve(),
}
