import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from './directory-marker.js'

/**
 * Forces every `.log` file of a LevelDB to the disk. LevelDB itself syncs the one that it writes to
 * and no other, though the one before holds what is not in a table yet. Does nothing on Windows,
 * which lets nobody else open them.
 */
export async function syncLogs(levelPath: string): Promise<void> {
  if (process.platform === 'win32') return
  const names = (await readdir(levelPath)).filter((name) => name.endsWith('.log'))
  for (const name of names) await syncLog(join(levelPath, name))
  await syncDirectory(levelPath)
}

async function syncLog(path: string): Promise<void> {
  try {
    const file = await open(path, 'r')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    // LevelDB removed it meanwhile: what it held is in a table, which is synced.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
}
