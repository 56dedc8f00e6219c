import { CairnError } from '../protocol/errors.js'

/**
 * The directories that this process (this thread of it) has open. A second open must not reach
 * LevelDB: its failure closes a file of the first, and with that the kernel drops the first one's
 * lock. Kept on `globalThis` so that two copies of this module see each other.
 */
const registryKey = Symbol.for('cairn-sync.open-directories')

/**
 * @param directory a real path, without symbolic links
 * @throws STORE_LOCKED
 */
export function claimDirectory(directory: string): void {
  const claimed = registry()
  if (claimed.has(directory)) {
    throw new CairnError(
      'STORE_LOCKED',
      `${directory} is open in this process already: use that store, or close it first`,
      { rule: 'same-process' },
    )
  }
  claimed.add(directory)
}

export function releaseDirectory(directory: string): void {
  registry().delete(directory)
}

function registry(): Set<unknown> {
  const known: unknown = Reflect.get(globalThis, registryKey)
  if (known instanceof Set) return known
  const created = new Set<unknown>()
  Reflect.set(globalThis, registryKey, created)
  return created
}
