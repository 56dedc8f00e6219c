import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { asAmount, asPositive } from './bench-options.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { writeFileAtomically } from './write-file-atomically.js'

interface PeersOptions {
  readonly only?: string
  readonly peers?: string
  readonly rounds: number
  readonly seconds: number
  readonly cache: string
  readonly results: string
}

/** Adds `bench peers`. */
export function addBenchPeersCommand(bench: Command, context: CommandContext): void {
  bench
    .command('peers')
    .description('Give Cairn and other Yjs servers the same loads, and write what came of it.')
    .option('--only <ids>', 'these scenarios, separated by commas')
    .option('--peers <ids>', 'these servers, separated by commas')
    .option('--rounds <number>', 'times that everything is repeated', asPositive, 2)
    .option('--seconds <number>', 'of each load', asAmount, 8)
    .option('--cache <directory>', 'where the other servers are installed', '.cache/peers')
    .option('--results <file>', 'where the tables are written', 'bench/RESULTS.md')
    .addHelpText('after', peersHelp)
    .action((options: PeersOptions) => benchPeers(options, context))
}

const peersHelp = `
Scenarios: fan-out, blast, cursors, many-documents, storm, slow-reader, acknowledge, cold-open.
Servers: cairn, relay, y-websocket-server, y-websocket-server+y-leveldb, hocuspocus,
hocuspocus+sqlite. The relay only passes bytes on: it shows what ws itself costs. The others are
installed by npm into the cache the first time, which takes some minutes.

The exit code is 1 where Cairn lost an edit or could not run.

Examples:
  $ cairn bench peers
  $ cairn bench peers --only fan-out,blast --peers cairn,relay --rounds 1 --results ./fan-out.md
  $ cairn bench peers --rounds 5 --seconds 30`

async function benchPeers(options: PeersOptions, context: CommandContext): Promise<void> {
  const { environment, output } = context
  const { rounds, seconds, cache, results } = options
  const [{ installPeers, peerIds }, { loadScenarios }, { comparePeers, coldOpenId }] =
    await Promise.all([
      import('../bench/peers/install-peers.js'),
      import('../bench/peers/scenario.js'),
      import('../bench/peers/comparison.js'),
    ])
  const { resultsPage } = await import('../bench/peers/results-page.js')
  const all = loadScenarios(seconds)
  const scenarioIds = choose('scenario', options.only, [...all.map(({ id }) => id), coldOpenId])
  const ids = choose('server', options.peers, peerIds)
  const say = (line: string): void => output.writeError(`cairn: ${line}\n`)
  const stop = new AbortController()
  const unsubscribe = context.onStopSignal(() => stop.abort())
  try {
    const comparison = await comparePeers({
      environment,
      ...(await installPeers(ids, cache, say)),
      scenarios: all.filter(({ id }) => scenarioIds.includes(id)),
      hasColdOpen: scenarioIds.includes(coldOpenId),
      rounds,
      seconds,
      say,
      signal: stop.signal,
    })
    const page = resultsPage(comparison, all)
    await mkdir(path.dirname(path.resolve(results)), { recursive: true })
    await writeFileAtomically(results, page)
    output.write(page)
    say(`written to ${results}`)
    const failed = comparison.scenarios.flatMap(({ id, outcomes }) =>
      outcomes
        .filter(({ peer, remark }) => peer.id === 'cairn' && remark !== undefined)
        .map(({ remark }) => `${id}: ${remark}`),
    )
    if (failed.length > 0) throw new CommandFailure(failed.join('\n'))
  } finally {
    unsubscribe()
  }
}

function choose(
  what: string,
  wanted: string | undefined,
  known: readonly string[],
): readonly string[] {
  if (wanted === undefined) return known
  const chosen = wanted.split(',')
  const unknown = chosen.find((id) => !known.includes(id))
  if (unknown === undefined) return chosen
  throw new CommandFailure(`there is no ${what} ${unknown}; choose among ${known.join(', ')}.`, {
    exitCode: exitCodes.usage,
  })
}
