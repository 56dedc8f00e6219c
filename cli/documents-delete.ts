import type { Command } from 'commander'
import { type CommandContext, exitCodes } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { escapeControls } from './escape-controls.js'
import { formatBytes } from './format.js'
import { addDataOption, noSuchDocument, withStore } from './with-store.js'

export function addDeleteCommand(documents: Command, context: CommandContext): void {
  addDataOption(documents.command('delete'))
    .description('Delete a document for good. Without --yes it only says what would go.')
    .argument('<name>', "the document's name")
    .option('--yes', 'really delete')
    .addHelpText(
      'after',
      `
A client that still has the document brings it back when it connects: it syncs what it has.

Examples:
  $ cairn documents delete 'a/b c' --yes
  $ cairn documents delete __proto__ --data ./data --yes`,
    )
    .action(async (name: string, options: { data: string; yes?: boolean }) => {
      await withStore(options, context, async (store) => {
        const stat = await store.stat(name)
        if (stat === undefined) throw noSuchDocument(name)
        const size = formatBytes(stat.snapshotBytes + stat.tailBytes)
        const what = `"${escapeControls(name)}" (sequence ${stat.head}, ${size})`
        if (options.yes !== true) {
          throw new CommandFailure(
            `this would delete ${what} for good. Say so with --yes; ` +
              '`cairn documents export NAME --format archive --out FILE` keeps a copy.',
            { exitCode: exitCodes.usage },
          )
        }
        await store.delete(name)
        context.output.write(`deleted ${what}\n`)
      })
    })
}
