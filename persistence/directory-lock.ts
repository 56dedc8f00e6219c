import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
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
  /**
   * The boot in which the store was last written by one who left the lock behind, however many died
   * since without writing; undefined where that is not known.
   */
  readonly writtenIn: string | undefined
  /** Says that the present holder writes; what was to be found of the past was found. */
  noteWriting(): Promise<void>
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
  const identity = await ownIdentity()
  const draft: Draft = {
    path: `${path}.${nonce}`,
    contentFor: (writtenIn) =>
      `${JSON.stringify({ ...identity, nonce, writtenIn: writtenIn ?? null })}\n`,
  }
  try {
    const { holder, writtenIn } = await takeLock(path, draft)
    let content = draft.contentFor(writtenIn)
    return {
      abandonedBy: holder,
      writtenIn,
      async noteWriting() {
        if (writtenIn === identity.bootId) return
        const next = draft.contentFor(identity.bootId)
        await writeFile(draft.path, next)
        await rename(draft.path, path)
        content = next
      },
      release: () => releaseLock(path, content),
    }
  } finally {
    await rm(draft.path, { force: true })
  }
}

/** The lock before it has its name, and what it says with what was learnt of the one before. */
interface Draft {
  readonly path: string
  readonly contentFor: (writtenIn: string | undefined) => string
}

interface Abandoned {
  readonly holder: ProcessIdentity | undefined
  readonly writtenIn: string | undefined
}

const nobody: Abandoned = { holder: undefined, writtenIn: undefined }

async function takeLock(path: string, draft: Draft): Promise<Abandoned> {
  for (;;) {
    const fresh = draft.contentFor(undefined)
    await writeFile(draft.path, fresh)
    if (await place(path, draft.path, fresh)) return nobody
    const found = await readLock(path)
    if (found === undefined) continue
    const abandoned = await requireAbandoned(path, found)
    const content = draft.contentFor(abandoned.writtenIn)
    await writeFile(draft.path, content)
    if (await replaceStale(path, found, draft.path, content)) return abandoned
  }
}

/**
 * Puts the draft in the place of a stale lock. Whoever would do that first creates a claim that is
 * named for the lock's content, so that only one can; the claim of one who died on the way is stale
 * in turn and is claimed in the same manner. False where the lock was replaced or released
 * meanwhile.
 */
async function replaceStale(
  path: string,
  stale: string,
  draft: string,
  content: string,
): Promise<boolean> {
  const claims: string[] = []
  for (let claimed = stale; ; ) {
    const claim = `${path}.${createHash('sha256').update(claimed).digest('hex').slice(0, 16)}`
    claims.push(claim)
    if (await place(claim, draft, content)) break
    const found = await readLock(claim)
    if (found === undefined) return false
    await requireAbandoned(path, found)
    claimed = found
  }
  // With the claim in hand nobody else moves the lock, so what is read now stays true.
  const isStillStale = (await readLock(path)) === stale
  if (isStillStale) await rename(draft, path)
  for (const claim of claims) await rm(claim, { force: true })
  return isStillStale
}

/** What `content` says of a dead process, if it names one. @throws STORE_LOCKED for a living one */
async function requireAbandoned(path: string, content: string): Promise<Abandoned> {
  const found = parseLock(content)
  const { holder } = found
  if (holder === undefined || !(await isRunning(holder))) return found
  throw new CairnError(
    'STORE_LOCKED',
    `${path} is held by process ${holder.pid}: stop it first, or name another directory`,
    { rule: 'lock-file' },
  )
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
  // A file system without links: created exclusively, then filled. A contender that reads it in
  // between takes it for stale; LevelDB's own lock then stops one of the two.
  try {
    await writeFile(path, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
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

function parseLock(content: string): Abandoned {
  try {
    const found: unknown = JSON.parse(content)
    if (typeof found !== 'object' || found === null || !('pid' in found)) return nobody
    if (typeof found.pid !== 'number') return nobody
    const holder: ProcessIdentity = {
      pid: found.pid,
      startTime: 'startTime' in found ? textOrUndefined(found.startTime) : undefined,
      bootId: 'bootId' in found ? textOrUndefined(found.bootId) : undefined,
    }
    // Earlier versions said nothing of it.
    const writtenIn = 'writtenIn' in found ? textOrUndefined(found.writtenIn) : holder.bootId
    return { holder, writtenIn }
  } catch {
    return nobody
  }
}

function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
