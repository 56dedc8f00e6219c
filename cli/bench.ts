import type { Command } from 'commander'
import { addBenchLoadCommand } from './bench-load.js'
import { addBenchPeersCommand } from './bench-peers.js'
import { addBenchSimulateCommand } from './bench-simulate.js'
import { addBenchTraceCommand } from './bench-trace.js'
import type { CommandContext } from './command-context.js'

/** Adds `bench` and the commands under it. */
export function addBenchCommand(
  program: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  const bench = program
    .command('bench')
    .description('Put a server to the test.')
    .addHelpText('after', benchHelp)
  addBenchTraceCommand(bench, context)
  addBenchLoadCommand(bench, context, setExitCode)
  addBenchPeersCommand(bench, context)
  addBenchSimulateCommand(bench, context)
}

const benchHelp = `
Examples:
  $ cairn bench load --help
  $ cairn bench load --duration 5`
