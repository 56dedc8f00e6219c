import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addBenchCommand } from './bench.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { describeError, systemErrorCode } from './describe-error.js'
import { addDocumentsCommand } from './documents.js'
import { escapeControls } from './escape-controls.js'
import { addServeCommand } from './serve.js'

/**
 * Runs one command line, without the program's own name, and resolves with the exit code. Never
 * rejects: whatever goes wrong is one message on standard error.
 */
export async function runCommandLine(
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  let exitCode: number = exitCodes.success
  const program = createProgram(context, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    exitCode = reportError(error, program.opts<{ debug?: boolean }>().debug === true, context)
  }
  await context.output.flush()
  return reportLostOutput(context) ?? exitCode
}

function createProgram(context: CommandContext, setExitCode: (code: number) => void): Command {
  const program = new Command('cairn')
    .description('A sync server for Yjs documents: an acknowledged edit is never lost.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--debug', 'show the stack trace of an error')
    .showHelpAfterError('Add --help for what is possible.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.output.write(text),
      writeErr: (text) => context.output.writeError(escapeLines(text)),
      outputError: (text, write) => write(text.replace(/^error: /, 'cairn: ')),
    })
    .addHelpText('after', exitCodeHelp)
  addServeCommand(program, context, setExitCode)
  addDocumentsCommand(program, context, setExitCode)
  addBenchCommand(program, context, setExitCode)
  return program
}

const exitCodeHelp = `
Exit codes:
  0    done
  1    failed, or \`documents verify\` found problems
  2    the command line is wrong; nothing was done
  141  the reader of the output went away

Examples:
  $ cairn serve --help
  $ cairn documents --help`

/** Says what went wrong and returns the exit code for it. */
function reportError(error: unknown, isDebug: boolean, context: CommandContext): number {
  // Commander has printed its message by then, and help and version come this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage
  context.output.writeError(`cairn: ${escapeLines(describeError(error))}\n`)
  if (isDebug) writeStacks(error, context)
  return error instanceof CommandFailure ? error.exitCode : exitCodes.failure
}

function writeStacks(error: unknown, context: CommandContext): void {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    context.output.writeError(`${escapeLines(cause.stack ?? cause.message)}\n`)
  }
}

/** The exit code where standard output did not take everything; undefined where it did. */
function reportLostOutput({ output }: CommandContext): number | undefined {
  if (output.failure === undefined) return undefined
  // Whoever goes away (`| head`) has had enough.
  if (systemErrorCode(output.failure) === 'EPIPE') return exitCodes.brokenPipe
  output.writeError(`cairn: standard output: ${describeError(output.failure)}\n`)
  return exitCodes.failure
}

function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  )
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  return 'unknown'
}
