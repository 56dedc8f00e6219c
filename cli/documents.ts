import type { Command } from 'commander'
import type { CommandContext } from './command-context.js'
import { addDeleteCommand } from './documents-delete.js'
import { addExportCommand } from './documents-export.js'
import { addImportCommand } from './documents-import.js'
import { addListCommand } from './documents-list.js'
import { addShowCommand } from './documents-show.js'
import { addVerifyCommand } from './documents-verify.js'

/** `cairn documents …`: what can be done with a data directory while no server uses it. */
export function addDocumentsCommand(
  program: Command,
  context: CommandContext,
  setExitCode: (code: number) => void,
): void {
  const documents = program
    .command('documents')
    .description('Look at, move and check stored documents while no server uses them.')
    .addHelpText('after', documentsHelp)
  addListCommand(documents, context)
  addShowCommand(documents, context)
  addExportCommand(documents, context)
  addImportCommand(documents, context)
  addDeleteCommand(documents, context)
  addVerifyCommand(documents, context, setExitCode)
}

const documentsHelp = `
A name that starts with a dash goes after \`--\`. In lists, characters that a terminal would obey
are shown as \\u{1b}; --json has every name exactly.

Examples:
  $ cairn documents list --data ./data
  $ cairn documents show 'a/b c'`
