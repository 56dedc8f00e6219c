import { Worker } from 'node:worker_threads'
import type { SimulationResult } from './simulation-result.js'
import type { ThreadAnswer, ThreadRequest } from './thread-messages.js'

interface Job {
  readonly request: ThreadRequest
  readonly resolve: (result: SimulationResult) => void
  readonly reject: (error: Error) => void
}

/** Threads that do runs, each one at a time. They are started when there is something to do. */
export class SimulationPool {
  readonly #jobs: number
  readonly #idle: Worker[] = []
  readonly #workers: Worker[] = []
  readonly #busy = new Map<Worker, Job>()
  readonly #waiting: Job[] = []

  /** @param jobs how many threads at most */
  constructor(jobs: number) {
    this.#jobs = jobs
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
    if (this.#waiting.length === 0) return
    if (this.#idle.length === 0 && this.#workers.length < this.#jobs) this.#addWorker()
    const worker = this.#idle.shift()
    if (worker === undefined) return
    const job = this.#waiting.shift()
    if (job === undefined) return
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
    const idle = this.#idle.indexOf(worker)
    if (idle !== -1) this.#idle.splice(idle, 1)
    job?.reject(error)
    this.#startNext()
  }
}
