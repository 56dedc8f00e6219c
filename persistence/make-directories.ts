import { mkdir, readdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes `directory` and those above it that are missing. Node's own `recursive` does not end where a
 * file system refuses with ENOENT below a directory that is there, as /proc does.
 * @returns whether anything was made
 * @throws Error of the file system
 */
export async function makeDirectories(directory: string): Promise<boolean> {
  const path = resolve(directory)
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (await isDirectory(path)) return false
    const parent = dirname(path)
    const isParentMissing = codeOf(error) === 'ENOENT' && !(await isDirectory(parent))
    if (!isParentMissing || parent === path) throw error
    await makeDirectories(parent)
    await mkdir(path)
    return true
  }
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
