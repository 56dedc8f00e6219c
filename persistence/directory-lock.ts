import { Buffer } from 'node:buffer'
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js'

/**
 * The file `lock`: which process has the directory. LevelDB has a lock of its own, but it does not
 * hold between threads of one process and names nobody. A lock whose process is gone is taken over,
 * so that a killed server never blocks its restart.
 */
export interface DirectoryLock {
  /** The holder before, where it left its lock behind: it ended without closing the store. */
  readonly abandonedBy: ProcessIdentity | undefined
  /** Removes the lock if it is still ours. */
  release(): Promise<void>
}

const lockFileName = 'lock'

/** @throws STORE_LOCKED naming the process that holds it */
export async function lockDirectory(
  directory: string,
  environment: Environment,
): Promise<DirectoryLock> {
  const path = join(directory, lockFileName)
  const nonce = Buffer.from(environment.randomBytes(8)).toString('hex')
  const content = `${JSON.stringify({ ...(await ownIdentity()), nonce })}\n`
  const draft = `${path}.${nonce}`
  await writeFile(draft, content)
  try {
    const abandonedBy = await takeLock(path, draft, content)
    return { abandonedBy, release: () => releaseLock(path, content) }
  } finally {
    await unlink(draft)
  }
}

async function takeLock(
  path: string,
  draft: string,
  content: string,
): Promise<ProcessIdentity | undefined> {
  let abandonedBy: ProcessIdentity | undefined
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await place(path, draft, content)) {
      // Somebody who took our lock for the stale one before it has moved it away for a moment.
      if ((await readLock(path)) === content) return abandonedBy
      break
    }
    const found = await readLock(path)
    if (found === undefined) continue
    const holder = parseHolder(found)
    if (holder !== undefined && (await isRunning(holder))) throw locked(path, holder)
    await removeStale(path, found, draft)
    abandonedBy = holder
  }
  throw locked(path, parseHolder((await readLock(path)) ?? ''))
}

/** Appears under its name with its whole content, or not at all; false where one is there. */
async function place(path: string, draft: string, content: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error
  }
  // A file system without links: created exclusively, then filled.
  try {
    await writeFile(path, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Moves the lock aside, then looks whether it was the stale one; if not, puts it back. */
async function removeStale(path: string, stale: string, draft: string): Promise<void> {
  const aside = `${draft}.stale`
  try {
    await rename(path, aside)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return
    throw error
  }
  if ((await readLock(aside)) !== stale) {
    await link(aside, path).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error
    })
  }
  await unlink(aside)
}

async function releaseLock(path: string, content: string): Promise<void> {
  if ((await readLock(path)) === content) await unlink(path)
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseHolder(content: string): ProcessIdentity | undefined {
  try {
    const found: unknown = JSON.parse(content)
    if (typeof found !== 'object' || found === null || !('pid' in found)) return undefined
    if (typeof found.pid !== 'number') return undefined
    return {
      pid: found.pid,
      startTime: 'startTime' in found ? textOrUndefined(found.startTime) : undefined,
      bootId: 'bootId' in found ? textOrUndefined(found.bootId) : undefined,
    }
  } catch {
    return undefined
  }
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function locked(path: string, holder: ProcessIdentity | undefined): CairnError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`
  return new CairnError('STORE_LOCKED', `${path} is held by ${who}: stop it first`, {
    rule: 'lock-file',
  })
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
