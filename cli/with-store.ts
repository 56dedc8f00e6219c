import { statSync } from 'node:fs'
import path from 'node:path'
import { type Command, Option } from 'commander'
import { readMarker } from '../persistence/directory-marker.js'
import type { DocumentStore } from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'
import type { CommandContext } from './command-context.js'
import { CommandFailure } from './command-failure.js'
import { escapeControls } from './escape-controls.js'

export interface StoreLocation {
  readonly data: string
  readonly acceptLoss?: boolean
  /** Whether an empty directory may become a store. @default false */
  readonly mayCreate?: boolean
}

/** The option that every command on a data directory has. */
export function addDataOption(command: Command): Command {
  return command.addOption(
    new Option('--data <directory>', 'the data directory of a stopped server').default('./data'),
  )
}

/**
 * Opens the store, runs `action`, and closes the store whatever comes. Damage that does not stop
 * the store is told on standard error and counted by `onWarning`.
 */
export async function withStore<T>(
  location: StoreLocation,
  context: CommandContext,
  action: (store: DocumentStore) => Promise<T>,
  onWarning: () => void = () => undefined,
): Promise<T> {
  const directory = path.resolve(location.data)
  requireDirectory(directory)
  if (location.mayCreate !== true) await requireStore(directory)
  const store = context.createStore(directory, {
    durability: 'fsync',
    acceptLoss: location.acceptLoss === true,
    onWarning(warning) {
      context.output.writeError(`cairn: damaged: ${escapeControls(warning.message)}\n`)
      onWarning()
    },
  })
  await store.open()
  let result: T
  try {
    result = await action(store)
  } catch (error) {
    // What went wrong first is what the person must hear of.
    await store.close().catch(() => undefined)
    throw error
  }
  await store.close()
  return result
}

/** A mistyped path must not become a new, empty store. */
function requireDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new CommandFailure(
    `${escapeControls(directory)} is not a directory. ` +
      'Give the one that the server was started with: --data DIRECTORY.',
  )
}

/** Nor must an empty directory. What holds something is for the store to judge, and to name. */
async function requireStore(directory: string): Promise<void> {
  const holdsSomething = await readMarker(directory).then(
    (marker) => marker !== undefined,
    () => true,
  )
  if (holdsSomething) return
  throw new CommandFailure(
    `${escapeControls(directory)} holds no store. ` +
      'Give the directory that the server was started with: --data DIRECTORY.',
  )
}

export function noSuchDocument(name: string): CairnError {
  return new CairnError(
    'NO_SUCH_DOCUMENT',
    `there is no document "${name}" in this directory. ` +
      '`cairn documents list` shows those that are.',
  )
}
