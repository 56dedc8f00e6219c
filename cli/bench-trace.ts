import { type Command, Option } from 'commander'
import type { Trace } from '../bench/trace-format.js'
import type { TraceProgress, TraceReport } from '../bench/trace-run.js'
import type { Durability } from '../persistence/document-store.js'
import { asCount, asPositive } from './bench-options.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'

interface TraceOptions {
  readonly url?: string
  readonly kills?: number
  readonly document: string
  readonly seed: number
  readonly durability: Durability
  readonly agents: number
  readonly transactions: number
}

/** Adds `bench trace`. */
export function addBenchTraceCommand(bench: Command, context: CommandContext): void {
  bench
    .command('trace')
    .description('Replay an editing trace by one stock client for each author, killing the server.')
    .argument('[file]', 'a .json or .json.gz trace; without one, a trace is generated')
    .option('--url <url>', 'a running server; without one, its own on a directory that it deletes')
    .option(
      '--kills <number>',
      'how often its own server is killed on the way; 3 if not given',
      asCount,
    )
    .option('--document <name>', 'the document to write; empty on the server', 'trace')
    .option('--seed <number>', 'decides the kills and a generated trace', asCount, 1)
    .addOption(
      new Option('--durability <level>', 'of its own server')
        .choices(['fsync', 'os', 'memory'])
        .default('fsync'),
    )
    .option('--agents <number>', 'authors of a generated trace', asPositive, 3)
    .option('--transactions <number>', 'transactions of a generated trace', asPositive, 5_000)
    .addHelpText('after', traceHelp)
    .action((file: string | undefined, options: TraceOptions) => benchTrace(file, options, context))
}

const traceHelp = `
Each author's transactions are made on a replica that has exactly what the trace's parents give; what
others wrote reaches it through the server only. In the end the text has to equal the trace's
endContent on every replica, on a client that was never there before and, after a stop in order, in
\`cairn documents export\`. The formats are those of https://github.com/josephg/editing-traces.

Examples:
  $ cairn bench trace friendsforever.json.gz
  $ cairn bench trace automerge-paper.json.gz --kills 10 --seed 7
  $ cairn bench trace --agents 8 --transactions 20000
  $ cairn bench trace friendsforever.json.gz --url ws://127.0.0.1:1234 --document trial-1`

async function benchTrace(
  file: string | undefined,
  options: TraceOptions,
  context: CommandContext,
): Promise<void> {
  const { environment, output } = context
  const { url, document, seed, durability } = options
  if (url !== undefined && (options.kills ?? 0) > 0) {
    throw new CommandFailure('--kills needs a server of its own: leave out --url or --kills.', {
      exitCode: exitCodes.usage,
    })
  }
  const kills = options.kills ?? (url === undefined ? 3 : 0)
  const stop = new AbortController()
  const unsubscribe = context.onStopSignal(() => stop.abort())
  try {
    const { runTrace } = await import('../bench/trace-run.js')
    const report = await runTrace({
      trace: await loadTrace(file, options),
      environment,
      document,
      seed,
      kills,
      durability,
      signal: stop.signal,
      onProgress: (progress) => output.writeError(describeProgress(progress)),
      ...(url === undefined ? {} : { url }),
    })
    output.write(describeReport(report))
  } catch (error) {
    // A trace that cannot be replayed, or a server that lost something: the message says which.
    throw new CommandFailure(error instanceof Error ? error.message : String(error), {
      cause: error,
    })
  } finally {
    unsubscribe()
  }
}

/** Loaded here, so that commands that measure nothing do not wait for it. */
async function loadTrace(file: string | undefined, options: TraceOptions): Promise<Trace> {
  if (file === undefined) {
    const { generateTrace } = await import('../bench/trace-generator.js')
    return generateTrace(options)
  }
  const { readTraceFile } = await import('../bench/trace-file.js')
  return readTraceFile(file)
}

function describeProgress({ waiting, ...progress }: TraceProgress): string {
  const { written, transactions, kills } = progress
  return `${written}/${transactions} transactions, ${rate(progress)}/s, kills ${kills}; ${waiting}\n`
}

function describeReport(report: TraceReport): string {
  const { transactions, authors, kills, elapsedMs, checks } = report
  return [
    `${transactions} transactions of ${authors} authors in ${(elapsedMs / 1_000).toFixed(1)} s ` +
      `(${rate(report)}/s), server killed ${kills} times`,
    'equal to endContent:',
    ...checks.map((check) => `  ${check}`),
    '',
  ].join('\n')
}

function rate(progress: { readonly written: number; readonly elapsedMs: number }): number {
  return Math.round((progress.written / Math.max(1, progress.elapsedMs)) * 1_000)
}
