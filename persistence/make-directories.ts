import { mkdir, readdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from './directory-marker.js'

/**
 * Makes `directory` and those above it that are missing, each so that a power cut leaves it. Node's
 * own `recursive` does not end where a file system refuses with ENOENT below a directory that is
 * there, as /proc does.
 * @throws Error of the file system
 */
export async function makeDirectories(directory: string): Promise<void> {
  const path = resolve(directory)
  const parent = dirname(path)
  try {
    await mkdir(path)
  } catch (error) {
    if (await isDirectory(path)) return
    const isParentMissing = codeOf(error) === 'ENOENT' && !(await isDirectory(parent))
    if (!isParentMissing || parent === path) throw error
    await makeDirectories(parent)
    await mkdir(path)
  }
  await syncDirectory(parent)
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    await readdir(path)
    return true
  } catch {
    return false
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
