import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import type { CampaignReport } from '../bench/simulator/campaign.js'
import type { LinkClass } from '../bench/simulator/link-class.js'
import type { SimulationOptions } from '../bench/simulator/simulation-options.js'
import { asCount, asPositive } from './bench-options.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { Progress } from './progress.js'
import { describeCampaign, describeCampaignProgress } from './simulation-summary.js'

interface SimulateOptions {
  readonly seed?: number
  readonly seeds?: SeedRange
  readonly jobs: number
  readonly shrink: boolean
  readonly linkClasses?: string
  readonly set?: unknown
  readonly out?: string
}

interface SeedRange {
  readonly from: number
  readonly to: number
}

/** The seeds of a run of which nobody said anything. */
const defaultSeeds = 100

/** Adds `bench simulate`. */
export function addBenchSimulateCommand(bench: Command, context: CommandContext): void {
  bench
    .command('simulate')
    .description(
      'Run server, store, links and clients under virtual time, with faults, from seeds.',
    )
    .option('--seed <number>', 'one seed', asCount)
    .option('--seeds <from..to>', 'many; a hundred from a random one if not given', asRange)
    .option('--jobs <number>', 'threads', asPositive, 1)
    .option('--shrink', 'make what fails shorter and simpler for as long as it fails', false)
    .option('--link-classes <file>', 'JSON with link classes of your own; see docs/SIMULATION.md')
    .option('--set <json>', 'options that take the place of those that the seed draws', asJson)
    .option('--out <directory>', 'write simulate.json there with every run, and a page of one')
    .addHelpText('after', simulateHelp)
    .action((options: SimulateOptions) => benchSimulate(options, context))
}

const simulateHelp = `
One seed decides everything: who takes part and over which links, what they edit, which faults strike
and when, and the order of all that happens; the same seed ends with the same hash. First everything
goes wrong, then all of it heals, and then all must be well: nothing acknowledged lost, all replicas
equal, presence exact. The exit code is 1 where it is not. docs/SIMULATION.md says what is checked.

Examples:
  $ cairn bench simulate
  $ cairn bench simulate --seed 42
  $ cairn bench simulate --seeds 1..20000 --jobs 2 --shrink --out ./report
  $ cairn bench simulate --seeds 1..500 --set '{"links":["train"],"faults":{"crash":2000}}'`

async function benchSimulate(options: SimulateOptions, context: CommandContext): Promise<void> {
  const { environment, output } = context
  const [{ runCampaign }, linkClasses] = await Promise.all([
    import('../bench/simulator/campaign.js'),
    readLinkClasses(options.linkClasses),
  ])
  const { from, to } = seedsOf(options, environment.random())
  const overrides = await readOverrides(options.set, linkClasses)
  const stop = new AbortController()
  const unsubscribe = context.onStopSignal(() => stop.abort())
  const progress = new Progress(output, environment)
  try {
    const report = await runCampaign({
      from,
      to,
      jobs: options.jobs,
      overrides,
      linkClasses,
      mutant: undefined,
      isShrinking: options.shrink,
      environment,
      signal: stop.signal,
      onProgress: (state) => progress.update(describeCampaignProgress(state)),
    })
    progress.clear()
    output.write(describeCampaign(report))
    if (options.out !== undefined) output.write(await writeFiles(options.out, report))
    if (report.failed.length > 0) {
      throw new CommandFailure(`${report.failed.length} of ${report.done} seeds failed`)
    }
  } finally {
    progress.clear()
    unsubscribe()
  }
}

function seedsOf({ seed, seeds }: SimulateOptions, chance: number): SeedRange {
  if (seed !== undefined && seeds !== undefined) {
    throw new CommandFailure('--seed and --seeds exclude each other: leave one out.', {
      exitCode: exitCodes.usage,
    })
  }
  if (seed !== undefined) return { from: seed, to: seed }
  if (seeds !== undefined) return seeds
  const from = Math.floor(chance * 1_000_000_000)
  return { from, to: from + defaultSeeds - 1 }
}

async function readLinkClasses(
  file: string | undefined,
): Promise<Readonly<Record<string, LinkClass>>> {
  const { linkClasses, parseLinkClasses } = await import('../bench/simulator/link-class.js')
  if (file === undefined) return linkClasses
  try {
    return parseLinkClasses(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new CommandFailure(`${file}: ${message}`, { cause: error, exitCode: exitCodes.usage })
  }
}

async function readOverrides(
  given: unknown,
  classes: Readonly<Record<string, LinkClass>>,
): Promise<Partial<SimulationOptions>> {
  if (given === undefined) return {}
  const { parseOverrides } = await import('../bench/simulator/override-options.js')
  try {
    return parseOverrides(given, Object.keys(classes))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandFailure(`--set: ${error.message}`, { cause: error, exitCode: exitCodes.usage })
  }
}

async function writeFiles(directory: string, report: CampaignReport): Promise<string> {
  if (report.shown === undefined) return ''
  const { writeSimulationReport } = await import('../bench/report/write-report.js')
  const { html, json } = await writeSimulationReport(directory, report)
  return `report: ${html}, ${json}\n`
}

function asRange(value: string): SeedRange {
  const [, from, to] = /^(\d{1,10})\.\.(\d{1,10})$/.exec(value) ?? []
  const range = { from: Number(from), to: Number(to) }
  if (range.from <= range.to) return range
  throw new InvalidArgumentError('Expected two whole numbers, as 1..500.')
}

function asJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
