import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../runtime/environment.js'
import type { LoadPlan } from './load-plan.js'
import type { LoadTarget } from './load-target.js'
import type { WorkerNews, WorkerOrder, WorkerResult, WorkerSample } from './worker-messages.js'

const program = fileURLToPath(new URL('./load-worker.js', import.meta.url))
/** The clocks of two processes are compared so often, and the quickest answer counts. */
const clockRounds = 15

/** One process that makes load. */
export class LoadWorker {
  readonly #child: ChildProcess
  readonly #environment: Environment
  readonly #onSample: (sample: WorkerSample) => void
  #expected: { readonly type: WorkerNews['type']; settle(news: WorkerNews): void } | undefined
  #fail: (error: Error) => void = () => undefined
  readonly #failure: Promise<never>

  constructor(environment: Environment, onSample: (sample: WorkerSample) => void) {
    this.#environment = environment
    this.#onSample = onSample
    this.#failure = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    // Whoever waits for news is told; between two orders nobody waits.
    this.#failure.catch(() => undefined)
    this.#child = fork(program, { serialization: 'advanced' })
    this.#child.on('message', (news: WorkerNews) => this.#receive(news))
    this.#child.on('error', this.#fail)
    this.#child.on('exit', (code, signal) => {
      this.#fail(new Error(`a process that makes load ended with ${code ?? signal}`))
    })
  }

  async prepare(options: {
    readonly plan: LoadPlan
    readonly target: LoadTarget
    readonly worker: number
    readonly links: readonly string[]
  }): Promise<void> {
    await this.#order({ type: 'prepare', ...options }, 'prepared')
  }

  async connect(): Promise<void> {
    await this.#order({ type: 'connect' }, 'connected')
  }

  /** Runs the load from `at` on, a moment of this process's clock. */
  async run(at: number): Promise<WorkerResult> {
    const ahead = await this.#clockAhead()
    const news = await this.#order({ type: 'start', at: at + ahead }, 'finished')
    if (news.type !== 'finished') throw new Error(`expected a result, got ${news.type}`)
    return news.result
  }

  /** Ends the load early. */
  stop(): void {
    if (this.#child.connected) this.#child.send({ type: 'stop' } satisfies WorkerOrder)
  }

  end(): void {
    this.#child.removeAllListeners('exit')
    this.#child.kill()
  }

  /** How far the worker's clock is ahead of this one: off by half of the shortest answer at most. */
  async #clockAhead(): Promise<number> {
    let best = Number.POSITIVE_INFINITY
    let ahead = 0
    for (let round = 0; round < clockRounds; round++) {
      const asked = this.#environment.now()
      const news = await this.#order({ type: 'tell-time' }, 'time')
      const answered = this.#environment.now()
      if (news.type !== 'time' || answered - asked >= best) continue
      best = answered - asked
      ahead = news.now - (asked + answered) / 2
    }
    return ahead
  }

  #order(order: WorkerOrder, expected: WorkerNews['type']): Promise<WorkerNews> {
    const news = new Promise<WorkerNews>((resolve) => {
      this.#expected = { type: expected, settle: resolve }
    })
    this.#child.send(order)
    return Promise.race([news, this.#failure])
  }

  #receive(news: WorkerNews): void {
    if (news.type === 'sample') this.#onSample(news.sample)
    else if (news.type === 'failed') this.#fail(new Error(news.reason))
    else if (news.type === this.#expected?.type) this.#expected.settle(news)
  }
}
