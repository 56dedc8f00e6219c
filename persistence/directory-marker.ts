import { open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CairnError } from '../protocol/errors.js'

/**
 * The file `cairn.json`, which says that a directory is a store. With it LevelDB is never let to
 * make a new database, since it would do so, and delete the old tables, wherever `CURRENT` is gone.
 */
export interface Marker {
  /** `creating` until the first batch of the store is durable; nothing was acknowledged before. */
  readonly state: 'creating' | 'ready'
  /** ISO 8601. */
  readonly created: string
}

const markerFileName = 'cairn.json'
export const levelDirectoryName = 'db'
const format = 'cairn-level'
const version = 1
/** What a directory may hold without being somebody else's. */
const harmless = /^(?:lock(?:\..*)?|cairn\.json\.new|lost\+found)$/

/**
 * The marker of `directory`, or undefined where the directory holds nothing yet.
 * @throws STORE_DAMAGED where a database stands without its marker or the marker is not readable,
 * STORE_UNKNOWN_FORMAT where the directory is another format's or somebody else's
 */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  const names = await readdir(directory)
  if (names.includes(markerFileName)) {
    return parseMarker(directory, await readFile(join(directory, markerFileName), 'utf8'))
  }
  if (names.includes(levelDirectoryName)) {
    throw new CairnError(
      'STORE_DAMAGED',
      `${directory} holds a database but its ${markerFileName} is gone: put the file back from a` +
        ' backup, or open once with acceptLoss to write it anew',
      { rule: 'marker-missing' },
    )
  }
  const foreign = names.find((name) => !harmless.test(name))
  if (foreign === undefined) return undefined
  throw new CairnError(
    'STORE_UNKNOWN_FORMAT',
    `${directory} is not a Cairn store and not empty (it holds ${foreign}): name another directory`,
    { rule: 'foreign-directory' },
  )
}

function parseMarker(directory: string, text: string): Marker {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw unreadable(directory, cause)
  }
  if (typeof found !== 'object' || found === null) throw unreadable(directory, undefined)
  if (!('format' in found) || !('version' in found)) throw unreadable(directory, undefined)
  if (found.format !== format || found.version !== version) {
    throw new CairnError(
      'STORE_UNKNOWN_FORMAT',
      `${directory} was written as ${String(found.format)} version ${String(found.version)}, this` +
        ` program reads ${format} version ${version}: use the program that wrote it`,
    )
  }
  const state = 'state' in found ? found.state : undefined
  const created = 'created' in found ? found.created : undefined
  if ((state !== 'creating' && state !== 'ready') || typeof created !== 'string') {
    throw unreadable(directory, undefined)
  }
  return { state, created }
}

function unreadable(directory: string, cause: unknown): CairnError {
  return new CairnError(
    'STORE_DAMAGED',
    `${join(directory, markerFileName)} cannot be read: put the file back from a backup, or open` +
      ' once with acceptLoss to write it anew',
    { cause, rule: 'marker-unreadable' },
  )
}

/** Written beside, forced to the disk and renamed, so that it is there whole or not at all. */
export async function writeMarker(directory: string, marker: Marker): Promise<void> {
  const path = join(directory, markerFileName)
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(`${JSON.stringify({ format, version, ...marker })}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  await syncDirectory(directory)
}

/** Makes a rename or a new file survive a power cut; does nothing where directories cannot. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
