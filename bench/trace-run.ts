import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as Y from 'yjs'
import type { Durability } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import { createRandom } from '../runtime/seeded-random.js'
import { exportedText } from './exported-text.js'
import { chooseKillMoments } from './kill-moments.js'
import { MortalServer } from './mortal-server.js'
import { loadStockProvider, StockLink } from './stock-provider.js'
import { describeDifference, expectText } from './text-difference.js'
import { traceTextName } from './trace-desk.js'
import { TraceError } from './trace-error.js'
import type { Trace } from './trace-format.js'
import { chooseClientIDs } from './trace-order.js'
import { planTrace, type TracePlan } from './trace-plan.js'
import { TraceReplay } from './trace-replay.js'
import { waitUntil } from './wait-until.js'

export interface TraceRunOptions {
  readonly trace: Trace
  readonly environment: Environment
  /** Name of the document; has to be empty on the server at `url`. */
  readonly document: string
  /** Decides at which transactions the server is killed. */
  readonly seed: number
  /** How often the server is killed with SIGKILL on the way. */
  readonly kills: number
  /** A running server; without one, the run starts its own in a directory that it deletes. */
  readonly url?: string
  /** Of the run's own server. @default 'fsync' */
  readonly durability?: Durability
  /** Milliseconds without progress after which the run fails. @default 60000 */
  readonly deadlineMs?: number
  /** Called once a second. */
  readonly onProgress?: (progress: TraceProgress) => void
  readonly signal?: AbortSignal
}

export interface TraceProgress {
  readonly written: number
  readonly transactions: number
  readonly kills: number
  readonly elapsedMs: number
  readonly waiting: string
}

export interface TraceReport extends Omit<TraceProgress, 'waiting'> {
  readonly authors: number
  /** Everywhere that the end content was found, in the order of looking. */
  readonly checks: readonly string[]
}

/**
 * Replays a trace through a server by one unmodified y-websocket client for each author, kills the
 * server on the way, and looks for the end content on every replica, on a client that has never been
 * there, and, after a stop in order, in what the directory exports.
 *
 * @throws TraceError where the trace is at fault; Error where the server is, saying what differs
 */
export async function runTrace(options: TraceRunOptions): Promise<TraceReport> {
  const plan = planTrace(options.trace)
  if (options.url !== undefined) {
    if (options.kills > 0) throw new TraceError('only a server that the run started can be killed')
    return new TraceRun(plan, options, options.url).run()
  }
  const { environment, durability = 'fsync' } = options
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'cairn-trace-'))
  try {
    const server = await MortalServer.start({ environment, dataDirectory, durability })
    try {
      const report = await new TraceRun(plan, options, server.url, server).run()
      await server.stop()
      if (durability === 'memory') return report
      const text = await exportedText(dataDirectory, options.document)
      expectText('documents export', text, plan.endContent)
      return { ...report, checks: [...report.checks, 'documents export'] }
    } finally {
      await server.dispose()
    }
  } finally {
    await rm(dataDirectory, { recursive: true, force: true })
  }
}

class TraceRun {
  readonly #plan: TracePlan
  readonly #options: TraceRunOptions
  readonly #url: string
  readonly #server: MortalServer | undefined
  readonly #startedAt: number

  constructor(plan: TracePlan, options: TraceRunOptions, url: string, server?: MortalServer) {
    this.#plan = plan
    this.#options = options
    this.#url = url
    this.#server = server
    this.#startedAt = options.environment.now()
  }

  async run(): Promise<TraceReport> {
    const { environment, document, seed, kills, deadlineMs = 60_000 } = this.#options
    const Provider = await loadStockProvider()
    const moments = chooseKillMoments(
      this.#plan.transactions,
      kills,
      this.#plan.agents,
      createRandom(seed),
    )
    const replay = new TraceReplay(this.#plan, {
      environment,
      clientIDs: chooseClientIDs(this.#plan),
      connect: ({ doc }) => new StockLink(Provider, this.#url, document, doc),
      offlineBudget: moments.offlineBudget,
      deadlineMs,
      onWritten: (written) => {
        const due = moments.after[this.#server?.kills ?? kills]
        if (due !== undefined && written >= due && replay.areAllOnline) this.#server?.crash()
      },
    })
    const progress = this.#reportProgress(replay)
    try {
      await Promise.race([replay.run(), this.#whatEndsIt()])
      if ((this.#server?.kills ?? 0) < kills) {
        throw new TraceError(
          `the trace is too short for ${kills} kills: only ${this.#server?.kills ?? 0} fell in it`,
        )
      }
      const checks = [...this.#checkReplicas(replay), await this.#checkFreshClient(Provider)]
      return { ...this.#progress(replay), authors: this.#plan.agents, checks }
    } finally {
      progress.stop()
      replay.close()
    }
  }

  /** Rejects when the server does not come back or the caller gives up; otherwise stays pending. */
  #whatEndsIt(): Promise<never> {
    const aborted = new Promise<never>((_, reject) => {
      const { signal } = this.#options
      signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
    })
    return this.#server === undefined ? aborted : Promise.race([aborted, this.#server.failure])
  }

  #checkReplicas(replay: TraceReplay): readonly string[] {
    return replay.authors.flatMap((author) => {
      const document = `document of author ${author.agent}`
      const desk = `desk of author ${author.agent}`
      expectText(document, author.documentText, this.#plan.endContent)
      expectText(desk, author.deskText, this.#plan.endContent)
      return [document, desk]
    })
  }

  async #checkFreshClient(Provider: Awaited<ReturnType<typeof loadStockProvider>>) {
    const { environment, document, deadlineMs = 60_000 } = this.#options
    const doc = new Y.Doc()
    const text = doc.getText(traceTextName)
    const link = new StockLink(Provider, this.#url, document, doc)
    try {
      // What a single author wrote last may still be on its way, so the sync alone is not the end.
      await waitUntil(
        () => link.isOnline && text.toString() === this.#plan.endContent,
        (check) => {
          doc.on('update', check)
          const stop = link.onChange(check)
          return () => {
            doc.off('update', check)
            stop()
          }
        },
        {
          environment,
          deadlineMs,
          describe: () =>
            describeDifference('fresh client', text.toString(), this.#plan.endContent),
        },
      )
      return 'fresh client'
    } finally {
      link.close()
      doc.destroy()
    }
  }

  #reportProgress(replay: TraceReplay): { stop(): void } {
    const { environment, onProgress } = this.#options
    if (onProgress === undefined) return { stop: () => undefined }
    const tick = (): void => {
      onProgress({ ...this.#progress(replay), waiting: replay.waiting })
      timer = environment.setTimer(tick, 1_000)
    }
    let timer = environment.setTimer(tick, 1_000)
    return { stop: () => timer.cancel() }
  }

  #progress(replay: TraceReplay): Omit<TraceProgress, 'waiting'> {
    return {
      written: replay.written,
      transactions: this.#plan.transactions,
      kills: this.#server?.kills ?? 0,
      elapsedMs: this.#options.environment.now() - this.#startedAt,
    }
  }
}
