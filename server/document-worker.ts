import { Worker } from 'node:worker_threads'
import type { SnapshotIndex } from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'
import type { Environment, Timer } from '../runtime/environment.js'
import { copiedTogether } from './moved-bytes.js'

/** What the worker makes of a document's log. */
export interface CompactedDocument extends SnapshotIndex {
  readonly update: Uint8Array
}

export type WorkerJob =
  | {
      readonly kind: 'compact'
      readonly id: number
      readonly updates: readonly Uint8Array[]
      readonly gc: boolean
    }
  | {
      readonly kind: 'difference'
      readonly id: number
      readonly update: Uint8Array
      readonly stateVector: Uint8Array
    }

export type WorkerAnswer =
  | { readonly id: number; readonly kind: 'compacted'; readonly document: CompactedDocument }
  | { readonly id: number; readonly kind: 'difference'; readonly update: Uint8Array }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }

/** Work on whole documents, off the main thread. */
export interface DocumentWorker {
  /** One update that equals the updates in their order. */
  compact(updates: readonly Uint8Array[]): Promise<CompactedDocument>
  /**
   * What a client with `stateVector` lacks of `update`. Rejects where it would come too late, and
   * where `isWanted` says, before it is begun, that nobody waits for it any more.
   */
  difference(
    update: Uint8Array,
    stateVector: Uint8Array,
    isWanted?: () => boolean,
  ): Promise<Uint8Array>
  /** Ends the thread; what waits rejects. Idempotent. */
  close(): Promise<void>
}

export interface DocumentWorkerOptions {
  /** Heap of the thread, in MiB. @default 512 */
  readonly memoryMb: number
  /** Milliseconds after which a job is given up and the thread killed. @default 30,000 */
  readonly jobMs: number
  /** Milliseconds without work after which the thread ends. @default 10,000 */
  readonly idleMs: number
  /** Differences that may wait while a job runs. 0 refuses to wait. */
  readonly queue: number
  /** Whether content that was deleted is dropped from snapshots. @default true */
  readonly gc: boolean
}

/**
 * A client that was told nothing for so long is better served with everything at once.
 * In milliseconds.
 */
const differenceWaitMs = 1_000

/**
 * One worker thread for all documents, one job at a time, started when there is work. A job that
 * takes too long, or too much memory, takes the thread with it and nothing else: it rejects, and
 * the next job gets a new thread.
 *
 * Compactions go first, since nothing else takes their place, and wait as long as it takes; they come
 * one at a time (`CompactionQueue`). Differences spare a client bytes that it could have at once, so
 * they wait for a second at most.
 */
export class ThreadDocumentWorker implements DocumentWorker {
  readonly #environment: Environment
  readonly #options: DocumentWorkerOptions
  readonly #compactions: PendingJob[] = []
  /** In the order in which they came, each with the timer that ends its waiting. */
  readonly #differences = new Map<PendingJob, Timer>()
  #state: WorkerState = { name: 'none' }
  #nextId = 1

  constructor(environment: Environment, options: DocumentWorkerOptions) {
    this.#environment = environment
    this.#options = options
  }

  async compact(updates: readonly Uint8Array[]): Promise<CompactedDocument> {
    const { gc } = this.#options
    const answer = await this.#enqueue((id) => ({ kind: 'compact', id, updates, gc }))
    if (answer.kind === 'compacted') return answer.document
    throw failure(answer)
  }

  async difference(
    update: Uint8Array,
    stateVector: Uint8Array,
    isWanted: () => boolean = () => true,
  ): Promise<Uint8Array> {
    const answer = await this.#enqueue(
      (id) => ({ kind: 'difference', id, update, stateVector }),
      isWanted,
    )
    if (answer.kind === 'difference') return answer.update
    throw failure(answer)
  }

  async close(): Promise<void> {
    const state = this.#state
    this.#state = { name: 'closed' }
    const error = new CairnError('GOING_AWAY', 'the server is closing')
    for (const job of this.#compactions.splice(0)) job.reject(error)
    for (const job of this.#differences.keys()) this.#refuse(job, error)
    if (state.name === 'busy') {
      state.killTimer.cancel()
      state.job.reject(error)
    }
    if (state.name === 'idle') state.idleTimer.cancel()
    if (state.name === 'idle' || state.name === 'busy') await state.worker.terminate()
  }

  #enqueue(
    makeJob: (id: number) => WorkerJob,
    isWanted: () => boolean = () => true,
  ): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#state.name === 'closed') {
        reject(new CairnError('GOING_AWAY', 'the server is closing'))
        return
      }
      const job: PendingJob = { job: makeJob(this.#nextId++), isWanted, resolve, reject }
      if (this.#state.name !== 'busy') this.#start(job)
      else if (job.job.kind === 'compact') this.#compactions.push(job)
      else this.#awaitTurn(job)
    })
  }

  #awaitTurn(job: PendingJob): void {
    const waiting = this.#differences.size
    if (waiting >= this.#options.queue) {
      job.reject(new CairnError('RATE', `${waiting} jobs wait for the worker already`))
      return
    }
    const timer = this.#environment.setTimer(() => {
      const reason = `the worker had other work for ${differenceWaitMs} ms`
      this.#refuse(job, new CairnError('RATE', reason))
    }, differenceWaitMs)
    this.#differences.set(job, timer)
  }

  #refuse(difference: PendingJob, error: CairnError): void {
    this.#differences.get(difference)?.cancel()
    this.#differences.delete(difference)
    difference.reject(error)
  }

  #startNext(): void {
    const job = this.#compactions.shift() ?? this.#takeDifference()
    if (job !== undefined) this.#start(job)
  }

  #takeDifference(): PendingJob | undefined {
    for (const [job, timer] of this.#differences) {
      if (job.isWanted()) {
        timer.cancel()
        this.#differences.delete(job)
        return job
      }
      this.#refuse(job, new CairnError('RATE', 'nobody waits for it any more'))
    }
    return undefined
  }

  /** Only while no other job runs. */
  #start(job: PendingJob): void {
    if (this.#state.name === 'idle') this.#state.idleTimer.cancel()
    const worker = this.#state.name === 'idle' ? this.#state.worker : this.#startThread()
    const killTimer = this.#environment.setTimer(
      () => this.#kill(worker, `the job took longer than ${this.#options.jobMs} ms`),
      this.#options.jobMs,
    )
    this.#state = { name: 'busy', worker, job, killTimer }
    post(worker, job.job)
  }

  #startThread(): Worker {
    const worker = new Worker(new URL('./document-worker-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#options.memoryMb },
      // What Yjs prints about bad documents belongs to nobody's standard output.
      stdout: true,
      stderr: true,
    })
    worker.unref()
    worker.on('message', (answer: WorkerAnswer) => this.#onAnswer(worker, answer))
    worker.on('error', (error: Error) => this.#kill(worker, error.message))
    worker.on('exit', () => this.#kill(worker, 'the worker thread ended'))
    return worker
  }

  #onAnswer(worker: Worker, answer: WorkerAnswer): void {
    const state = this.#state
    if (state.name !== 'busy' || state.worker !== worker || state.job.job.id !== answer.id) return
    state.killTimer.cancel()
    const idleTimer = this.#environment.setTimer(() => this.#endIdle(worker), this.#options.idleMs)
    this.#state = { name: 'idle', worker, idleTimer }
    state.job.resolve(answer)
    this.#startNext()
  }

  #endIdle(worker: Worker): void {
    if (this.#state.name !== 'idle' || this.#state.worker !== worker) return
    this.#state = { name: 'none' }
    this.#terminate(worker)
  }

  #kill(worker: Worker, reason: string): void {
    const state = this.#state
    if (state.name !== 'busy' && state.name !== 'idle') return
    if (state.worker !== worker) return
    this.#state = { name: 'none' }
    this.#terminate(worker)
    if (state.name === 'idle') {
      state.idleTimer.cancel()
    } else {
      state.killTimer.cancel()
      state.job.reject(new CairnError('INTERNAL', `the worker was stopped: ${reason}`))
    }
    this.#startNext()
  }

  #terminate(worker: Worker): void {
    // Terminating a thread that has ended, or is about to, resolves; there is nothing to report.
    worker.terminate().catch(() => undefined)
  }
}

/** The thread gets copies of its own, so that what this one has stays. */
function post(worker: Worker, job: WorkerJob): void {
  if (job.kind === 'compact') {
    const { views, buffer } = copiedTogether(job.updates)
    worker.postMessage({ ...job, updates: views }, [buffer])
  } else {
    const { views, buffer } = copiedTogether([job.update])
    worker.postMessage({ ...job, update: views[0] }, [buffer])
  }
}

type WorkerState =
  | { readonly name: 'none' }
  | { readonly name: 'idle'; readonly worker: Worker; readonly idleTimer: Timer }
  | {
      readonly name: 'busy'
      readonly worker: Worker
      readonly job: PendingJob
      readonly killTimer: Timer
    }
  | { readonly name: 'closed' }

interface PendingJob {
  readonly job: WorkerJob
  readonly isWanted: () => boolean
  readonly resolve: (answer: WorkerAnswer) => void
  readonly reject: (error: CairnError) => void
}

function failure(answer: WorkerAnswer): CairnError {
  const reason = answer.kind === 'failed' ? answer.message : `an answer of kind ${answer.kind}`
  return new CairnError('INTERNAL', `the worker could not do it: ${reason}`)
}
