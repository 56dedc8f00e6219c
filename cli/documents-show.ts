import { Buffer } from 'node:buffer'
import type { Command } from 'commander'
import type { DocumentStat } from '../persistence/document-store.js'
import type { CommandContext } from './command-context.js'
import { escapeControls, stringifyForTerminal } from './escape-controls.js'
import { formatBytes, formatCount, formatTable, formatTime } from './format.js'
import { loadDocument } from './load-document.js'
import { listRootTypes, type RootKind } from './root-types.js'
import { describeSummary } from './stat-json.js'
import { addDataOption, noSuchDocument, withStore } from './with-store.js'

interface DocumentContents {
  readonly clients: number
  readonly rootTypes: readonly { readonly name: string; readonly kind: RootKind }[]
  readonly subdocuments: readonly string[]
}

export function addShowCommand(documents: Command, context: CommandContext): void {
  addDataOption(documents.command('show'))
    .description('Show what is stored of one document, and what is in it.')
    .argument('<name>', "the document's name")
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ cairn documents show notes/a
  $ cairn documents show 'a/b c' --data ./data --json`,
    )
    .action(async (name: string, options: { data: string; json?: boolean }) => {
      await withStore(options, context, async (store) => {
        const stat = await store.stat(name)
        const exported = await store.exportDocument(name)
        if (stat === undefined || exported === undefined) throw noSuchDocument(name)
        const contents = readContents(exported)
        const text =
          options.json === true
            ? `${stringifyForTerminal({ ...describeSummary(stat), ...contents })}\n`
            : formatDocument(stat, contents)
        context.output.write(text)
      })
    })
}

function readContents(exported: Parameters<typeof loadDocument>[0]): DocumentContents {
  const doc = loadDocument(exported)
  const contents = {
    clients: doc.store.clients.size,
    rootTypes: listRootTypes(doc).map(({ name, kind }) => ({ name, kind })),
    subdocuments: [...doc.getSubdocGuids()].sort(),
  }
  doc.destroy()
  return contents
}

function formatDocument(stat: DocumentStat, contents: DocumentContents): string {
  const snapshot =
    stat.snapshotThrough === 0
      ? 'none'
      : `${formatBytes(stat.snapshotBytes)} through sequence ${stat.snapshotThrough}`
  const rows = [
    ['name', escapeControls(stat.name)],
    ['epoch', Buffer.from(stat.epoch).toString('hex')],
    ['created', formatTime(stat.createdAt)],
    ['last write', stat.lastWriteAt === undefined ? '-' : formatTime(stat.lastWriteAt)],
    ['sequence', String(stat.head)],
    ['snapshot', snapshot],
    ['tail', `${formatCount(stat.tailRecords, 'record')}, ${formatBytes(stat.tailBytes)}`],
    ['clients', String(contents.clients)],
    ...contents.rootTypes.map(({ name, kind }) => [
      'root type',
      `${escapeControls(name)} (${kind})`,
    ]),
    ...contents.subdocuments.map((guid) => ['subdocument', escapeControls(guid)]),
  ]
  return formatTable(rows)
}
