import type { Command } from 'commander'
import { findUpdateProblems } from '../persistence/check-updates.js'
import type { DocumentStore, VerifyReport } from '../persistence/document-store.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { escapeControls, stringifyForTerminal } from './escape-controls.js'
import { formatBytes, formatCount } from './format.js'
import { Progress } from './progress.js'
import { addDataOption, noSuchDocument, withStore } from './with-store.js'

interface VerifyOptions {
  readonly data: string
  readonly acceptLoss?: boolean
  readonly json?: boolean
}

interface Totals {
  documents: number
  records: number
  bytes: number
  problems: number
}

const pageSize = 1000

export function addVerifyCommand(
  documents: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  addDataOption(documents.command('verify'))
    .description('Check every record of the named documents, or of all of them.')
    .argument('[names...]', 'documents to check')
    .option('--accept-loss', 'open a damaged directory with what is left of it; copy it first')
    .option('--json', 'one JSON object for each document on a line of its own')
    .addHelpText(
      'after',
      `
Reads everything and changes no document. Prints every problem and a summary; exits with 1 if there
was a problem. A damaged document does not hinder the others.

Where a directory as a whole is refused as damaged, --accept-loss repairs its database from what is
left, says what is missing, and gives every document a new epoch. It cannot be undone.

Examples:
  $ cairn documents verify
  $ cairn documents verify __proto__ 'a/b c' --data ./data
  $ cairn documents verify --accept-loss`,
    )
    .action(async (names: readonly string[], options: VerifyOptions) => {
      let losses = 0
      const problems = await withStore(
        options,
        context,
        (store) => verify(store, names, options, context),
        () => {
          losses += 1
        },
      )
      if (problems + losses > 0) setExitCode(exitCodes.failure)
    })
}

async function verify(
  store: DocumentStore,
  names: readonly string[],
  options: VerifyOptions,
  context: CommandContext,
): Promise<number> {
  const progress = new Progress(context.output, context.environment)
  const totals: Totals = { documents: 0, records: 0, bytes: 0, problems: 0 }
  for await (const name of names.length > 0 ? requireNames(store, names) : listNames(store)) {
    const report = await verifyDocument(store, name)
    totals.documents += 1
    totals.records += report.records
    totals.bytes += report.bytes
    totals.problems += report.problems.length
    if (report.problems.length > 0 || options.json === true) progress.clear()
    if (options.json === true) context.output.write(`${stringifyForTerminal(report, 0)}\n`)
    else context.output.write(formatProblems(report))
    progress.update(`checked ${describeTotals(totals)}`)
  }
  progress.clear()
  const verdict = totals.problems === 0 ? 'sound' : formatCount(totals.problems, 'problem')
  const summary = `checked ${describeTotals(totals)}: ${verdict}\n`
  if (options.json === true) context.output.writeError(`cairn: ${summary}`)
  else context.output.write(summary)
  return totals.problems
}

/** What the store says and, where that is nothing, what the updates say that it holds. */
async function verifyDocument(store: DocumentStore, name: string): Promise<VerifyReport> {
  const report = await store.verify(name)
  if (report.problems.length > 0) return report
  const exported = await store.exportDocument(name)
  if (exported === undefined) return report
  const problems = findUpdateProblems(exported).map((what) => `document "${name}": ${what}`)
  return { ...report, problems }
}

/** Every name before anything is checked: a mistyped one must not pass as sound. */
async function* requireNames(
  store: DocumentStore,
  names: readonly string[],
): AsyncIterable<string> {
  for (const name of names) {
    const [first] = await store.list({ prefix: name, limit: 1 })
    if (first?.name !== name) throw noSuchDocument(name)
  }
  yield* names
}

async function* listNames(store: DocumentStore): AsyncIterable<string> {
  let after: string | undefined
  for (;;) {
    const options = after === undefined ? { limit: pageSize } : { limit: pageSize, after }
    const page = await store.list(options)
    for (const { name } of page) yield name
    after = page.at(-1)?.name
    if (page.length < pageSize) return
  }
}

function formatProblems({ name, problems }: VerifyReport): string {
  return problems.map((problem) => `${escapeControls(name)}: ${escapeControls(problem)}\n`).join('')
}

function describeTotals({ documents, records, bytes }: Totals): string {
  const parts = [formatCount(documents, 'document'), formatCount(records, 'record')]
  return `${parts.join(', ')}, ${formatBytes(bytes)}`
}
