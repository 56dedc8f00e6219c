import { systemEnvironment } from '../../runtime/system-environment.js'
import { type CampaignProgress, type CampaignReport, runCampaign } from './campaign.js'
import type { EditMix } from './edits.js'
import { type LinkClass, parseLinkClasses } from './link-class.js'
import { parseOverrides } from './override-options.js'
import { type ShrunkFailure, shrink } from './shrink.js'
import type { SimulationOptions } from './simulation-options.js'
import { SimulationPool } from './simulation-pool.js'
import type { SimulationResult } from './simulation-result.js'

/** Options of a run that are not drawn; of `edits`, kinds that are not named do not occur. */
export type SimulationOverrides = Partial<Omit<SimulationOptions, 'edits'>> & {
  readonly edits?: Partial<EditMix>
}

/** What simulations of one application have in common. */
export interface SimulateOptions {
  /** Options that take the place of those that the seed draws. @default none */
  readonly overrides?: SimulationOverrides
  /** Link classes beside the named ones, or instead of those of the same name. @default none */
  readonly linkClasses?: Readonly<Record<string, Partial<LinkClass>>>
  /**
   * `file:` address of a module with checkers, edits and clients of the application: its exports are
   * those of `SimulationExtension`. It is loaded by the threads that simulate, so it must be a module
   * that Node can import as it is. @default none
   */
  readonly extension?: string | URL
}

export interface SimulateSeedsOptions extends SimulateOptions {
  /** The first seed, a whole number of 0 or more. */
  readonly from: number
  /** The last seed. */
  readonly to: number
  /** Threads. @default 1 */
  readonly jobs?: number
  /** Whether failures are made simpler for as long as they go against the same invariant. @default false */
  readonly shrink?: boolean
  /** Ends the campaign early; the report is of what was done by then. */
  readonly signal?: AbortSignal
  /** Called after every run. */
  readonly onProgress?: (progress: CampaignProgress) => void
}

/**
 * Runs one seed in a thread of its own. The same seed and options end with the same `hash`, here and
 * by `cairn bench simulate --seed`.
 * @returns what came of it; a violated invariant is in `violation`, and is not thrown
 * @throws TypeError for options or an extension that are not as they have to be
 * @throws Error where y-websocket is not installed, or the simulation itself fails
 */
export async function simulate(
  seed: number,
  options: SimulateOptions = {},
): Promise<SimulationResult> {
  const { overrides, ...given } = readOptions(options)
  return withPool((pool) => pool.run({ ...given, seed, overrides, mutant: undefined }))
}

/**
 * Runs many seeds, until all are done, the signal comes or ten have failed.
 * @returns every run, and those that failed with what is left of them; nothing is thrown for those
 * @throws RangeError for seeds or threads that are not whole numbers, or seeds that go backward
 * @throws as `simulate` does
 */
export async function simulateSeeds(options: SimulateSeedsOptions): Promise<CampaignReport> {
  const { from, to, jobs = 1 } = options
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from) {
    throw new RangeError(`expected whole seeds, "from" not above "to", got ${from} and ${to}`)
  }
  if (!Number.isSafeInteger(jobs) || jobs < 1) {
    throw new RangeError(`expected jobs to be a whole number, 1 or more, got ${jobs}`)
  }
  return runCampaign({
    ...readOptions(options),
    from,
    to,
    jobs,
    mutant: undefined,
    isShrinking: options.shrink ?? false,
    environment: systemEnvironment,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => undefined),
  })
}

/**
 * Makes a failing run shorter and simpler for as long as it goes against the same invariant.
 * @param failure what `simulate` returned, with a violation
 * @param options those that it was run with; `overrides` are taken from the failure
 * @throws TypeError for a run that did not fail
 * @throws as `simulate` does
 */
export async function shrinkFailure(
  failure: SimulationResult,
  options: SimulateOptions = {},
): Promise<ShrunkFailure> {
  if (failure.violation === undefined) {
    throw new TypeError(`seed ${failure.seed} did not fail, there is nothing to make simpler`)
  }
  const given = readOptions({ ...options, overrides: {} })
  return withPool((pool) =>
    shrink(failure, (overrides) =>
      pool.run({ ...given, seed: failure.seed, overrides, mutant: undefined }),
    ),
  )
}

function readOptions({ overrides = {}, linkClasses = {}, extension }: SimulateOptions) {
  const classes = parseLinkClasses(linkClasses)
  return {
    overrides: parseOverrides(overrides, Object.keys(classes)),
    linkClasses: classes,
    extension: extension === undefined ? undefined : new URL(extension).href,
  }
}

async function withPool<Result>(use: (pool: SimulationPool) => Promise<Result>): Promise<Result> {
  const pool = new SimulationPool(1)
  try {
    return await use(pool)
  } finally {
    await pool.close()
  }
}
