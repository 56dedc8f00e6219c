/**
 * The thread in which a Y.Doc may be built: what is expensive, and what hostile bytes can make
 * expensive, happens here, under a heap limit and a kill timer, and never beside the sockets.
 */
import { parentPort } from 'node:worker_threads'
import { answerTo } from './document-work.js'
import type { WorkerAnswer, WorkerJob } from './document-worker.js'
import { buffersOf } from './moved-bytes.js'

const port = parentPort
if (port === null) throw new Error('document-worker-thread runs as a worker thread only')

port.on('message', (job: WorkerJob) => {
  const answer = answerTo(job)
  port.postMessage(answer, buffersOf(arraysOf(answer)))
})

function arraysOf(answer: WorkerAnswer): readonly Uint8Array[] {
  switch (answer.kind) {
    case 'compacted':
      return [answer.document.update, answer.document.stateVector, answer.document.deleteSet]
    case 'difference':
      return [answer.update]
    case 'failed':
      return []
  }
}
