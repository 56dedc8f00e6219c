import { type Command, Option } from 'commander'
import type { LoadOptions } from '../bench/load/load-command.js'
import { addLoadOptions } from './bench-load-options.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { formatTable } from './format.js'
import { Progress } from './progress.js'

type Options = LoadOptions & {
  readonly selfTest: boolean
  readonly packetLoss?: number
  readonly insidePacketLoss?: number
  readonly out?: string
}

/** Adds `bench load`. */
export function addBenchLoadCommand(
  bench: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  const command = bench
    .command('load')
    .description('Load a server with editors and observers at a rate that does not wait for it.')
  addLoadOptions(command)
    .addOption(new Option('--inside-packet-loss <percent>').argParser(Number).hideHelp())
    .addHelpText('after', loadHelp)
    .action(async (options: Options) => {
      if (options.selfTest) await selfTest(context, options.duration * 1_000)
      else if (options.packetLoss === undefined) await benchLoad(options, context)
      else setExitCode(await underPacketLoss(options.packetLoss, command, options, context))
    })
}

const loadHelp = `
Latency counts from the moment an edit was due, so a server that stalls is charged for every edit
that it kept waiting. At the end every client must have every edit, and real documents are compared
by state vector, delete set and content: the exit code is 1 where they are not the same, and where a
limit (--max-p99 and the like) is passed.

Examples:
  $ cairn bench load
  $ cairn bench load --editors 10 --observers 90 --rate 20 --duration 30 --out ./report
  $ cairn bench load --documents 200 --editors 2 --observers 3 --rate 2 --workers 2
  $ cairn bench load --blast 2000 --editors 10 --observers 90
  $ cairn bench load --link lossy-3g,satellite
  $ cairn bench load --link-file ./links.json --link office --storms 3 --max-p99 5000
  $ cairn bench load --packet-loss 2
  $ cairn bench load --url ws://127.0.0.1:1234 --max-p99 100
  $ cairn bench load --self-test`

async function benchLoad(options: Options, context: CommandContext): Promise<void> {
  const { environment, output } = context
  const [{ runLoadCommand }, { describeLoad, describeSample }, { passedThresholds }] =
    await Promise.all([
      import('../bench/load/load-command.js'),
      import('./load-summary.js'),
      import('../bench/load/thresholds.js'),
    ])
  const stop = new AbortController()
  const unsubscribe = context.onStopSignal(() => stop.abort())
  const progress = new Progress(output, environment)
  try {
    const report = await runLoadCommand(options, {
      environment,
      packetLossPercent: options.insidePacketLoss ?? 0,
      signal: stop.signal,
      onSample: (sample) => progress.update(describeSample(sample)),
    }).catch(asUsageError)
    progress.clear()
    output.write(describeLoad(report))
    if (options.out !== undefined) {
      const { writeLoadReport } = await import('../bench/report/write-report.js')
      const written = await writeLoadReport(options.out, report)
      output.write(`report: ${written.html}, ${written.json}\n`)
    }
    const problems = [...report.problems, ...passedThresholds(report, options)]
    if (problems.length > 0) throw new CommandFailure(problems.join('\n'))
  } finally {
    progress.clear()
    unsubscribe()
  }
}

/** What the options say together is wrong. */
function asUsageError(error: unknown): never {
  if (!(error instanceof RangeError)) throw error
  throw new CommandFailure(error.message, { cause: error, exitCode: exitCodes.usage })
}

async function selfTest(
  { environment, output }: CommandContext,
  durationMs: number,
): Promise<void> {
  const { runSelfTest } = await import('../bench/load/self-test.js')
  const say = (line: string): void => output.writeError(`cairn: ${line}\n`)
  const rows = await runSelfTest(environment, durationMs, say)
  const cells = rows.map(({ name, report, limit }) => [
    name,
    Math.round(report.deliveredPerSecond).toString(),
    `${Math.round(report.loadCpuShare * 100)} %`,
    `${Math.round((report.serverFigures?.cpuShare ?? 0) * 100)} %`,
    report.loadCpuUsPerDelivery.toFixed(2),
    Math.round(limit).toString(),
  ])
  output.write(
    formatTable([
      [
        'load on a bare relay',
        'deliveries/s',
        'load CPU',
        'relay CPU',
        'load us/delivery',
        'limit of one load process, deliveries/s',
      ],
      ...cells,
    ]),
  )
  const failed = rows.filter(({ report }) => !report.converged)
  if (failed.length > 0) {
    throw new CommandFailure(failed.flatMap(({ report }) => report.problems).join('\n'))
  }
}

/** Runs the same command in a network that loses packets; returns its exit code. */
async function underPacketLoss(
  percent: number,
  command: Command,
  options: Options,
  { output }: CommandContext,
): Promise<number> {
  if (options.url !== undefined) {
    throw new CommandFailure('--packet-loss needs a server of its own: leave out --url.', {
      exitCode: exitCodes.usage,
    })
  }
  const { runWithPacketLoss, whyNoPacketLoss } = await import('../bench/load/packet-loss.js')
  const reason = await whyNoPacketLoss()
  if (reason !== undefined) throw new CommandFailure(reason)
  const given = command.options.flatMap((option) => {
    const name = option.attributeName()
    if (name === 'packetLoss' || command.getOptionValueSource(name) !== 'cli') return []
    return [option.long ?? '', String(command.getOptionValue(name))]
  })
  const { fileURLToPath } = await import('node:url')
  const program = fileURLToPath(new URL('./main.js', import.meta.url))
  const inner = ['bench', 'load', ...given, '--inside-packet-loss', String(percent)]
  return runWithPacketLoss(percent, [process.execPath, program, ...inner], output)
}
