/**
 * The thread in which a Y.Doc may be built: what is expensive, and what hostile bytes can make
 * expensive, happens here, under a heap limit and a kill timer, and never beside the sockets.
 */
import { parentPort } from 'node:worker_threads'
import { answerTo } from './document-work.js'
import type { WorkerJob } from './document-worker.js'

const port = parentPort
if (port === null) throw new Error('document-worker-thread runs as a worker thread only')

port.on('message', (job: WorkerJob) => {
  port.postMessage(answerTo(job))
})
