import { CairnError } from '../../protocol/errors.js'
import { answerTo } from '../../server/document-work.js'
import type {
  CompactedDocument,
  DocumentWorker,
  WorkerAnswer,
  WorkerJob,
} from '../../server/document-worker.js'
import type { RandomStream } from './random-stream.js'
import type { SimulatedProcess } from './simulated-process.js'

/** The work of the document worker without a thread: it takes its time, and can be killed on the way. */
export class SimulatedWorker implements DocumentWorker {
  readonly #process: SimulatedProcess
  readonly #random: RandomStream
  readonly #gc: boolean
  readonly #running = new Set<(error: CairnError) => void>()
  #nextId = 1

  constructor(process: SimulatedProcess, random: RandomStream, gc: boolean) {
    this.#process = process
    this.#random = random
    this.#gc = gc
  }

  async compact(updates: readonly Uint8Array[]): Promise<CompactedDocument> {
    const answer = await this.#do((id) => ({ kind: 'compact', id, updates, gc: this.#gc }))
    if (answer.kind === 'compacted') return answer.document
    throw failure(answer)
  }

  async difference(update: Uint8Array, stateVector: Uint8Array): Promise<Uint8Array> {
    const answer = await this.#do((id) => ({ kind: 'difference', id, update, stateVector }))
    if (answer.kind === 'difference') return answer.update
    throw failure(answer)
  }

  /** Ends whatever runs, as running out of memory does. Returns how many jobs that were. */
  kill(): number {
    const killed = this.#running.size
    for (const reject of this.#running) {
      reject(new CairnError('INTERNAL', 'the worker was stopped: the worker thread ended'))
    }
    this.#running.clear()
    return killed
  }

  close(): Promise<void> {
    this.kill()
    return Promise.resolve()
  }

  #do(makeJob: (id: number) => WorkerJob): Promise<WorkerAnswer> {
    const job = makeJob(this.#nextId++)
    return new Promise((resolve, reject) => {
      this.#running.add(reject)
      const done = this.#process.call('worker', 2 + this.#random.exponential(30), () => {
        // A job that was killed is not done, and its promise is settled.
        if (this.#running.delete(reject)) resolve(answerTo(job))
      })
      done.catch(reject)
    })
  }
}

function failure(answer: WorkerAnswer): CairnError {
  const reason = answer.kind === 'failed' ? answer.message : `an answer of kind ${answer.kind}`
  return new CairnError('INTERNAL', `the worker could not do it: ${reason}`)
}
