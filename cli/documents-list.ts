import { type Command, InvalidArgumentError } from 'commander'
import type { DocumentStat, DocumentStore, DocumentSummary } from '../persistence/document-store.js'
import type { CommandContext } from './command-context.js'
import { escapeControls, stringifyForTerminal } from './escape-controls.js'
import { formatBytes, formatTable, formatTime } from './format.js'
import { describeSummary } from './stat-json.js'
import { addDataOption, withStore } from './with-store.js'

interface ListCommandOptions {
  readonly data: string
  readonly prefix: string
  readonly after?: string
  readonly limit: number
  readonly long?: boolean
  readonly json?: boolean
}

export function addListCommand(documents: Command, context: CommandContext): void {
  addDataOption(documents.command('list'))
    .description('List documents by name, a page at a time, in the order of their UTF-8 bytes.')
    .option('--prefix <text>', 'only names that start with this', '')
    .option('--after <name>', 'only names after this one: the last of the page before')
    .option('--limit <number>', 'at most this many', parseLimit, 1000)
    .option('--long', 'with sequence, size and last write of each (reads more)')
    .option('--json', 'as JSON: { documents, next }, next being the --after of the next page')
    .addHelpText(
      'after',
      `
Examples:
  $ cairn documents list
  $ cairn documents list --prefix notes/ --limit 20 --long
  $ cairn documents list --after notes/b --json`,
    )
    .action(async (options: ListCommandOptions) => {
      await withStore(options, context, (store) => list(store, options, context))
    })
}

function parseLimit(value: string): number {
  const limit = Number(value)
  if (/^\d+$/.test(value) && limit >= 1 && limit <= 100_000) return limit
  throw new InvalidArgumentError('A limit is a number from 1 to 100000.')
}

async function list(
  store: DocumentStore,
  options: ListCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { prefix, after, limit } = options
  const page = await store.list({
    prefix,
    // One more than asked for tells whether there is a next page.
    limit: limit + 1,
    ...(after === undefined ? {} : { after }),
  })
  const shown = page.slice(0, limit)
  const last = shown.at(-1)
  const next = page.length > limit && last !== undefined ? last.name : null
  const documents = options.long === true ? await readStats(store, shown) : shown
  if (options.json === true) {
    const answer = { documents: documents.map(describeSummary), next }
    context.output.write(`${stringifyForTerminal(answer)}\n`)
    return
  }
  if (documents.length > 0) context.output.write(formatList(documents))
  else context.output.writeError(`cairn: no document${prefix === '' ? '' : ' of that prefix'}.\n`)
  if (next !== null) {
    context.output.writeError(`cairn: there are more; the next page: --after ${quote(next)}\n`)
  }
}

async function readStats(
  store: DocumentStore,
  summaries: readonly DocumentSummary[],
): Promise<readonly (DocumentSummary | DocumentStat)[]> {
  const stats: (DocumentSummary | DocumentStat)[] = []
  for (const summary of summaries) stats.push((await store.stat(summary.name)) ?? summary)
  return stats
}

function formatList(documents: readonly (DocumentSummary | DocumentStat)[]): string {
  const isLong = documents.some((entry) => 'head' in entry)
  const header = isLong
    ? ['CREATED', 'LAST WRITE', 'SEQUENCE', 'SIZE', 'NAME']
    : ['CREATED', 'NAME']
  const rows = documents.map((entry) => [
    formatTime(entry.createdAt),
    ...(isLong ? formatStat(entry) : []),
    escapeControls(entry.name),
  ])
  return formatTable([header, ...rows])
}

function formatStat(entry: DocumentSummary | DocumentStat): readonly string[] {
  if (!('head' in entry)) return ['-', '-', '-']
  return [
    entry.lastWriteAt === undefined ? '-' : formatTime(entry.lastWriteAt),
    String(entry.head),
    formatBytes(entry.snapshotBytes + entry.tailBytes),
  ]
}

/** As a shell reads it back. */
function quote(name: string): string {
  const text = escapeControls(name)
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
