import path from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DocumentStore, Durability } from '../persistence/document-store.js'
import type { Logger } from '../server/logger.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { systemErrorCode } from './describe-error.js'
import { escapeControls } from './escape-controls.js'
import { createStderrLogger } from './stderr-logger.js'
import { StopSignals } from './stop-signals.js'

/** How long a stop waits for connections to take what they are owed, in milliseconds. */
const drainDeadlineMs = 10_000

interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly durability: Durability
}

export function addServeCommand(
  program: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  program
    .command('serve')
    .description('Serve documents to Yjs clients on ws://HOST:PORT/<document name>.')
    .option('--port <number>', 'TCP port; 0 takes any free one', parsePort, 1234)
    .option('--host <address>', 'address to listen on; 0.0.0.0 is every IPv4 one', '127.0.0.1')
    .option('--data <directory>', 'where documents are kept; made if it is missing', './data')
    .addOption(
      new Option('--durability <level>', 'what an acknowledged edit survives; see below')
        .choices(['fsync', 'os', 'memory'])
        .default('fsync'),
    )
    .addHelpText('after', serveHelp)
    .action(async (options: ServeOptions) => {
      setExitCode(await serve(options, context))
    })
}

const serveHelp = `
Durability:
  fsync   a power cut
  os      a killed process; a power cut may take the last seconds
  memory  nothing: documents are gone when the server stops, and --data is not used

SIGTERM or Ctrl-C takes no more connections, makes durable what is under way, tells clients to come
back and exits with 0; a second one exits at once.

Examples:
  $ cairn serve
  $ cairn serve --port 4000 --data ./x
  $ cairn serve --port 0 --durability memory`

function parsePort(value: string): number {
  const port = Number(value)
  if (/^\d+$/.test(value) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

async function serve(options: ServeOptions, context: CommandContext): Promise<number> {
  const signals = new StopSignals(context)
  try {
    const directory = path.resolve(options.data)
    const { createServer } = await import('../server/index.js')
    const logger = createStderrLogger(context.output)
    const server = createServer({
      store: await createServedStore(options.durability, directory, logger, context),
      environment: context.environment,
      logger,
    })
    try {
      const address = await server.listen({ port: options.port, host: options.host })
      const storage = describeStorage(options.durability, directory)
      context.output.write(`cairn: serving ${describeAddress(address)}, ${storage}\n`)
      await signals.requested
    } catch (error) {
      throw explainListenError(error, options)
    } finally {
      await server.close({ deadlineMs: drainDeadlineMs })
    }
    return exitCodes.success
  } finally {
    signals.dispose()
  }
}

async function createServedStore(
  durability: Durability,
  directory: string,
  logger: Logger,
  context: CommandContext,
): Promise<DocumentStore> {
  if (durability !== 'memory') {
    const onWarning = (warning: Error) => logger.warn({ directory }, warning.message)
    return context.createStore(directory, { durability, onWarning })
  }
  const { memoryStore } = await import('../persistence/index.js')
  return memoryStore()
}

function describeAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}/<document name>`
}

function describeStorage(durability: Durability, directory: string): string {
  if (durability === 'memory') return 'durability memory: nothing is kept'
  return `data ${escapeControls(directory)}, durability ${durability}`
}

function explainListenError(error: unknown, { port, host }: ServeOptions): unknown {
  const where = `port ${port} of ${escapeControls(host)}`
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new CommandFailure(
        `${where} is in use. Stop what uses it, or choose another with --port (0: any free one).`,
        { cause: error },
      )
    case 'EACCES':
      return new CommandFailure(
        `this user may not listen on ${where}. Choose one above 1023 with --port.`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new CommandFailure(
        `${escapeControls(host)} is no address of this machine. ` +
          'Choose one with --host: 127.0.0.1 for this machine alone, 0.0.0.0 for every network.',
        { cause: error },
      )
    default:
      return error
  }
}
