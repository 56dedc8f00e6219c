import type { Environment } from '../../runtime/environment.js'
import type { LinkClass } from './link-class.js'
import { type ShrunkFailure, shrink } from './shrink.js'
import type { SimulationOptions } from './simulation-options.js'
import { SimulationPool } from './simulation-pool.js'
import type { SimulationResult } from './simulation-result.js'

export interface CampaignOptions {
  /** The first seed and the last one. */
  readonly from: number
  readonly to: number
  /** Threads. */
  readonly jobs: number
  /** What takes the place of what the seeds draw. */
  readonly overrides: Partial<SimulationOptions>
  readonly linkClasses: Readonly<Record<string, LinkClass>>
  /** The name of a mutant to run instead of the server as it is. */
  readonly mutant: string | undefined
  /** `file:` address of a module with what an application brings; see `SimulationExtension`. */
  readonly extension?: string | undefined
  /** Whether failures are reduced. */
  readonly isShrinking: boolean
  /** For the figures; the runs have a clock of their own. */
  readonly environment: Environment
  readonly signal: AbortSignal
  readonly onProgress: (progress: CampaignProgress) => void
}

export interface CampaignProgress {
  readonly done: number
  readonly of: number
  readonly failures: number
  readonly seedsPerMinute: number
  readonly simulatedSecondsPerSecond: number
}

export interface CampaignFailure {
  readonly result: SimulationResult
  /** What is left of it after reducing; undefined where nobody asked. */
  readonly shrunk: ShrunkFailure | undefined
}

/** What a campaign came to; times in milliseconds. */
export interface CampaignReport extends CampaignProgress {
  readonly from: number
  readonly to: number
  readonly jobs: number
  readonly realMs: number
  readonly simulatedMs: number
  readonly events: number
  /** The part of the threads' time that went into checking. */
  readonly checkShare: number
  readonly edits: number
  readonly serverStarts: number
  /** How often each fault struck. */
  readonly faults: Readonly<Record<string, number>>
  /** From the heal until all was well: the median run and the slowest. */
  readonly restMs: { readonly median: number; readonly max: number }
  /** One for each seed, in order; `tail` and `options` of those that failed only. */
  readonly runs: readonly CampaignRun[]
  readonly failed: readonly CampaignFailure[]
  /** The run to look at: the first that failed, or else the last; undefined where none was done. */
  readonly shown: SimulationResult | undefined
}

/** A run without what only matters when it fails. */
export type CampaignRun = Omit<SimulationResult, 'options' | 'tail' | 'lanes'>

/** After so many failures a campaign has said enough. */
const maxFailures = 10

/**
 * Runs the seeds, as many at a time as there are threads, until all are done, the signal comes or ten
 * have failed.
 * @throws what the simulation itself throws, which says nothing of the server
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { from, to, jobs, environment, signal } = options
  const start = environment.now()
  const pool = new SimulationPool(jobs)
  const onAbort = (): void => {
    pool.close().catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort)
  const results: SimulationResult[] = []
  const progress = () => progressOf(results, to - from + 1, environment.now() - start)
  let next = from
  const work = async (): Promise<void> => {
    while (next <= to && !signal.aborted && countFailures(results) < maxFailures) {
      const seed = next++
      const result = await runUnlessAborted(pool, options, seed)
      if (result === undefined) return
      results.push(result)
      options.onProgress(progress())
    }
  }
  try {
    await Promise.all(Array.from({ length: jobs }, work))
    results.sort((a, b) => a.seed - b.seed)
    const realMs = environment.now() - start
    const failed = await shrinkFailures(pool, options, results)
    return { ...summarize(results), ...progress(), from, to, jobs, realMs, failed }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await pool.close()
  }
}

async function runUnlessAborted(
  pool: SimulationPool,
  { overrides, linkClasses, mutant, extension, signal }: CampaignOptions,
  seed: number,
): Promise<SimulationResult | undefined> {
  try {
    return await pool.run({ seed, overrides, linkClasses, mutant, extension })
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

async function shrinkFailures(
  pool: SimulationPool,
  { linkClasses, mutant, extension, isShrinking, signal }: CampaignOptions,
  results: readonly SimulationResult[],
): Promise<readonly CampaignFailure[]> {
  const failures: CampaignFailure[] = []
  for (const result of results) {
    if (result.violation === undefined) continue
    const run = (overrides: Partial<SimulationOptions>) =>
      pool.run({ seed: result.seed, overrides, linkClasses, mutant, extension })
    const isWanted = isShrinking && !signal.aborted
    failures.push({ result, shrunk: isWanted ? await shrink(result, run) : undefined })
  }
  return failures
}

function countFailures(results: readonly SimulationResult[]): number {
  let count = 0
  for (const { violation } of results) if (violation !== undefined) count++
  return count
}

function progressOf(
  results: readonly SimulationResult[],
  of: number,
  realMs: number,
): CampaignProgress {
  let simulatedMs = 0
  for (const result of results) simulatedMs += result.simulatedMs
  return {
    done: results.length,
    of,
    failures: countFailures(results),
    seedsPerMinute: (results.length / Math.max(1, realMs)) * 60_000,
    simulatedSecondsPerSecond: simulatedMs / Math.max(1, realMs),
  }
}

function summarize(results: readonly SimulationResult[]) {
  const faults: Record<string, number> = {}
  const rests: number[] = []
  const sums = { simulatedMs: 0, events: 0, edits: 0, serverStarts: 0, threadMs: 0, checkMs: 0 }
  for (const result of results) {
    sums.simulatedMs += result.simulatedMs
    sums.events += result.events
    sums.edits += result.edits
    sums.serverStarts += result.serverStarts
    sums.threadMs += result.realMs
    sums.checkMs += result.checkMs
    for (const { kind } of result.faults) faults[kind] = (faults[kind] ?? 0) + 1
    const { healedAt, restedAt } = result
    if (healedAt !== undefined && restedAt !== undefined) rests.push(restedAt - healedAt)
  }
  rests.sort((a, b) => a - b)
  const { threadMs, checkMs, ...figures } = sums
  return {
    ...figures,
    faults,
    checkShare: checkMs / Math.max(1, threadMs),
    restMs: { median: rests[rests.length >> 1] ?? 0, max: rests.at(-1) ?? 0 },
    shown: results.find(({ violation }) => violation !== undefined) ?? results.at(-1),
    runs: results.map(({ options: _options, tail: _tail, lanes: _lanes, ...run }) => run),
  }
}
