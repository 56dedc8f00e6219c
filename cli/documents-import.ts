import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import * as Y from 'yjs'
import { findUpdateProblems } from '../persistence/check-updates.js'
import { decodeDocumentArchive, isDocumentArchive } from '../persistence/document-archive.js'
import type { DocumentStore, ExportedDocument } from '../persistence/document-store.js'
import { drawImportEpoch } from '../persistence/import-epoch.js'
import { indexUpdate } from '../persistence/index-update.js'
import { CairnError } from '../protocol/errors.js'
import { noScanLimits, UpdateScanner } from '../protocol/update-scanner.js'
import type { CommandContext } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { escapeControls } from './escape-controls.js'
import { formatBytes } from './format.js'
import { addDataOption, withStore } from './with-store.js'

export function addImportCommand(documents: Command, context: CommandContext): void {
  addDataOption(documents.command('import'))
    .description('Make a document from a file that `export` wrote. Never overwrites a document.')
    .argument('<name>', "the new document's name")
    .argument('<file>', 'a Yjs v1 update or a Cairn archive; which it is, is seen')
    .addHelpText(
      'after',
      `
An archive under its own name is the document that clients know, and they give back what they have
of it; under another name it is a document of its own, as an update always is.

Examples:
  $ cairn documents import notes/copy notes.bin
  $ cairn documents import restored notes.cairn --data ./data`,
    )
    .action(async (name: string, file: string, options: { data: string }) => {
      const bytes = await readFile(file)
      const importInto = isDocumentArchive(bytes)
        ? importArchive(name, bytes, file, context)
        : importUpdate(name, bytes, file)
      await withStore({ ...options, mayCreate: true }, context, importInto)
      const size = formatBytes(bytes.byteLength)
      context.output.write(`imported "${escapeControls(name)}" (${size})\n`)
    })
}

type ImportInto = (store: DocumentStore) => Promise<void>

function importArchive(
  name: string,
  bytes: Uint8Array,
  file: string,
  { environment }: CommandContext,
): ImportInto {
  const archived = decodeDocumentArchive(bytes)
  requireSound(archived, file)
  const { snapshot } = archived
  const document: ExportedDocument = {
    ...archived,
    name,
    epoch: drawImportEpoch(archived, name, environment),
    snapshot: snapshot && { ...snapshot, ...indexUpdate(snapshot.update) },
  }
  return (store) => store.importDocument(document)
}

/** An archive can be whole, checksums and all, and still be no document that could be served. */
function requireSound(archived: ExportedDocument, file: string): void {
  const [problem] = findUpdateProblems(archived)
  if (problem === undefined) return
  throw new CommandFailure(
    `the archive ${escapeControls(file)} cannot be imported: ${escapeControls(problem)}. ` +
      'Import another export of the document.',
  )
}

function importUpdate(name: string, update: Uint8Array, file: string): ImportInto {
  requireCompleteUpdate(update, file)
  return async (store) => {
    const log = await store.openLog(name)
    try {
      if (log.epoch !== undefined) {
        throw new CairnError('DOCUMENT_EXISTS', `there is a document "${name}" already.`)
      }
      await log.append({ update, principal: '', connection: '' })
    } finally {
      await log.close()
    }
  }
}

/** A log begins with an update that needs nothing before it, or it could never be served. */
function requireCompleteUpdate(update: Uint8Array, file: string): void {
  const shownFile = escapeControls(file)
  try {
    new UpdateScanner().scan(update, noScanLimits)
  } catch (error) {
    if (!(error instanceof CairnError) || error.code !== 'MALFORMED_UPDATE') throw error
    throw new CommandFailure(
      `${shownFile} is neither a Cairn archive nor a Yjs v1 update: ${error.message}. ` +
        'An update of version 2 goes through Y.convertUpdateFormatV2ToV1 first.',
      { cause: error },
    )
  }
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const { pendingStructs, pendingDs } = doc.store
  if (pendingStructs === null && pendingDs === null) return
  throw new CommandFailure(
    `the update in ${shownFile} needs others that were made before it. ` +
      'Merge them with it (Y.mergeUpdates) and import the result.',
  )
}
