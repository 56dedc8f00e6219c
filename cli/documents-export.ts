import { type Command, Option } from 'commander'
import * as Y from 'yjs'
import { encodeDocumentArchive } from '../persistence/document-archive.js'
import type { DocumentStore, ExportedDocument } from '../persistence/document-store.js'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { describeAsJson } from './document-json.js'
import { describeAsText } from './document-text.js'
import { escapeControls, stringifyForTerminal } from './escape-controls.js'
import { loadDocument } from './load-document.js'
import { addDataOption, noSuchDocument, withStore } from './with-store.js'
import { writeFileAtomically } from './write-file-atomically.js'

type ExportFormat = 'update' | 'archive' | 'json' | 'text'

interface ExportOptions {
  readonly data: string
  readonly format: ExportFormat
  readonly root?: string
  readonly out?: string
  readonly salvage?: boolean
}

export function addExportCommand(documents: Command, context: CommandContext): void {
  addDataOption(documents.command('export'))
    .description('Write one document to a file or to standard output.')
    .argument('<name>', "the document's name")
    .addOption(
      new Option('--format <format>', 'what to write; see below')
        .choices(['update', 'archive', 'json', 'text'])
        .default('update'),
    )
    .option('--root <name>', 'the root type that --format text takes, where there are several')
    .option('--out <file>', 'the file to write, in one step; standard output if it is not given')
    .option('--salvage', 'of a damaged document, what stands before the damage')
    .addHelpText('after', exportHelp)
    .action(async (name: string, options: ExportOptions) => {
      requireWritable(options, context)
      await withStore(options, context, (store) => exportDocument(store, name, options, context))
    })
}

const exportHelp = `
Formats:
  update   one Yjs v1 update, which Y.applyUpdate and \`cairn documents import\` take; deleted
           content is not in it
  archive  everything that is stored, byte for byte: snapshot, every record with its time and its
           author, epoch; for \`cairn documents import\`
  json     all root types as JSON, for people and for search; not for import
  text     the plain text of one root type

Examples:
  $ cairn documents export notes/a --out notes.bin
  $ cairn documents export notes/a --format archive --out notes.cairn
  $ cairn documents export notes/a --format text
  $ cairn documents export 'a/b c' --format text --root title --out title.txt
  $ cairn documents export notes/a --format json --salvage`

/** Says before any work that bytes are nothing for a terminal. */
function requireWritable({ format, out }: ExportOptions, { output }: CommandContext): void {
  const isBinary = format === 'update' || format === 'archive'
  if (!isBinary || out !== undefined || !output.isTerminal) return
  throw new CommandFailure(
    `--format ${format} writes bytes that are not for a terminal. ` +
      'Name a file with --out, or choose --format json or text.',
    { exitCode: exitCodes.usage },
  )
}

async function exportDocument(
  store: DocumentStore,
  name: string,
  options: ExportOptions,
  context: CommandContext,
): Promise<void> {
  const isSalvage = options.salvage === true
  const exported = await store.exportDocument(name, { salvage: isSalvage })
  if (exported === undefined) throw noSuchDocument(name)
  if (isSalvage) await warnOfDamage(store, name, context)
  const data = encodeExport(exported, options)
  if (options.out === undefined) context.output.write(data)
  else await writeFileAtomically(options.out, data)
}

async function warnOfDamage(
  store: DocumentStore,
  name: string,
  { output }: CommandContext,
): Promise<void> {
  const { problems } = await store.verify(name)
  for (const problem of problems) output.writeError(`cairn: damaged: ${escapeControls(problem)}\n`)
  output.writeError(
    problems.length === 0
      ? 'cairn: the document is sound; the export is complete.\n'
      : 'cairn: the export holds what stands before the damage, and nothing after it.\n',
  )
}

function encodeExport(exported: ExportedDocument, options: ExportOptions): string | Uint8Array {
  if (options.format === 'archive') return encodeDocumentArchive(exported)
  const doc = loadDocument(exported)
  switch (options.format) {
    case 'update':
      return Y.encodeStateAsUpdate(doc)
    case 'json':
      return `${stringifyForTerminal(describeAsJson(doc))}\n`
    case 'text':
      return describeAsText(doc, options.root)
  }
}
