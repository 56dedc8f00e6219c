import { Worker } from 'node:worker_threads'
import type { SimulationResult } from './simulation-result.js'
import type { ThreadAnswer, ThreadRequest } from './thread-messages.js'

interface Job {
  readonly request: ThreadRequest
  readonly resolve: (result: SimulationResult) => void
  readonly reject: (error: Error) => void
}

/** Threads that do runs, each one at a time. */
export class SimulationPool {
  readonly #idle: Worker[] = []
  readonly #workers: Worker[] = []
  readonly #busy = new Map<Worker, Job>()
  readonly #waiting: Job[] = []

  /** @param jobs how many threads */
  constructor(jobs: number) {
    for (let index = 0; index < jobs; index++) this.#addWorker()
  }

  /** Rejects where the simulation itself fails, which says nothing of the server. */
  run(request: ThreadRequest): Promise<SimulationResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject })
      this.#startNext()
    })
  }

  /** Ends the threads; what they were doing rejects. */
  async close(): Promise<void> {
    const error = new Error('the simulation was stopped')
    for (const job of [...this.#busy.values(), ...this.#waiting.splice(0)]) job.reject(error)
    this.#busy.clear()
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #addWorker(): void {
    const worker = new Worker(new URL('./simulation-thread.js', import.meta.url))
    worker.on('message', (answer: ThreadAnswer) => this.#onAnswer(worker, answer))
    worker.on('error', (error: Error) => this.#onFailure(worker, error))
    this.#workers.push(worker)
    this.#idle.push(worker)
  }

  #startNext(): void {
    const worker = this.#idle[0]
    const job = this.#waiting[0]
    if (worker === undefined || job === undefined) return
    this.#idle.shift()
    this.#waiting.shift()
    this.#busy.set(worker, job)
    worker.postMessage(job.request)
  }

  #onAnswer(worker: Worker, answer: ThreadAnswer): void {
    const job = this.#busy.get(worker)
    this.#busy.delete(worker)
    this.#idle.push(worker)
    if (answer.kind === 'result') job?.resolve(answer.result)
    else job?.reject(new Error(`seed ${answer.seed}: ${answer.message}`))
    this.#startNext()
  }

  #onFailure(worker: Worker, error: Error): void {
    const job = this.#busy.get(worker)
    this.#busy.delete(worker)
    this.#workers.splice(this.#workers.indexOf(worker), 1)
    job?.reject(error)
    this.#addWorker()
    this.#startNext()
  }
}
