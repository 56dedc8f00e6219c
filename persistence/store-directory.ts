import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { type DirectoryLock, lockDirectory } from './directory-lock.js'
import { levelDirectoryName, type Marker, readMarker, writeMarker } from './directory-marker.js'
import { makeDirectories } from './make-directories.js'
import { claimDirectory, releaseDirectory } from './open-directories.js'
import { ownIdentity } from './process-identity.js'

/** A directory that this store, and nobody else, has open. */
export interface StoreDirectory {
  readonly path: string
  readonly levelPath: string
  /** Whether nothing was ever acknowledged here, so that there is nothing to miss. */
  readonly isNew: boolean
  /** Whether its last holder died with the store open, perhaps this very moment. */
  readonly wasAbandoned: boolean
  /** Whether the machine may have lost power since the store was last written. */
  readonly mayHaveLostPower: boolean
  /**
   * Notes that the store stands and that what was lost is accounted for; from now on a missing
   * database is damage.
   */
  markReady(): Promise<void>
  release(): Promise<void>
}

/** @throws STORE_LOCKED, STORE_DAMAGED, STORE_UNKNOWN_FORMAT, STORE_UNAVAILABLE */
export async function takeStoreDirectory(
  directory: string,
  environment: Environment,
  acceptLoss: boolean,
): Promise<StoreDirectory> {
  try {
    await makeDirectories(directory)
    return await claimAndLock(await realpath(directory), environment, acceptLoss)
  } catch (error) {
    if (error instanceof CairnError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${directory} cannot be used as a store: ${reason}`
    throw new CairnError('STORE_UNAVAILABLE', message, { cause: error })
  }
}

async function claimAndLock(
  path: string,
  environment: Environment,
  acceptLoss: boolean,
): Promise<StoreDirectory> {
  claimDirectory(path)
  try {
    // Looked at before anything is written, so that nothing of ours ends up in a foreign directory.
    await findMarker(path, acceptLoss)
    const lock = await lockDirectory(path, environment)
    try {
      return await enter(path, lock, environment, acceptLoss)
    } catch (error) {
      await lock.release()
      throw error
    }
  } catch (error) {
    releaseDirectory(path)
    throw error
  }
}

async function enter(
  path: string,
  lock: DirectoryLock,
  environment: Environment,
  acceptLoss: boolean,
): Promise<StoreDirectory> {
  const found = await findMarker(path, acceptLoss)
  const created = found?.created ?? new Date(environment.wallClock()).toISOString()
  const state = found?.state ?? 'creating'
  if (found === undefined || found.isLost) await writeMarker(path, { state, created })
  return {
    path,
    levelPath: join(path, levelDirectoryName),
    isNew: state === 'creating',
    wasAbandoned: lock.abandonedBy !== undefined,
    mayHaveLostPower: await mayHaveLostPower(lock),
    async markReady() {
      if (state !== 'ready') await writeMarker(path, { state: 'ready', created })
      await lock.noteWriting()
    },
    async release() {
      try {
        await lock.release()
      } finally {
        releaseDirectory(path)
      }
    },
  }
}

/** With `acceptLoss` a database without a readable marker counts as a store that stood. */
async function findMarker(
  path: string,
  acceptLoss: boolean,
): Promise<(Marker & { readonly isLost: boolean }) | undefined> {
  try {
    const marker = await readMarker(path)
    return marker === undefined ? undefined : { ...marker, isLost: false }
  } catch (error) {
    const isMarkerGone = error instanceof CairnError && error.code === 'STORE_DAMAGED'
    if (!acceptLoss || !isMarkerGone) throw error
    return { state: 'ready', created: 'unknown', isLost: true }
  }
}

/** A lock that is not there proves nothing: nobody synced it, so the power cut may have taken it. */
async function mayHaveLostPower(lock: DirectoryLock): Promise<boolean> {
  const { bootId } = await ownIdentity()
  return bootId === undefined || bootId !== lock.writtenIn
}
