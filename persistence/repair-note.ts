import { cp, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory } from './directory-marker.js'

/** LevelDB's repair throws away what it cannot read, so the damaged files are kept. */
export async function copyAside(levelPath: string): Promise<string> {
  const parent = dirname(levelPath)
  const prefix = `${basename(levelPath)}.damaged-`
  let highest = 0
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue
    const number = Number(name.slice(prefix.length))
    if (Number.isSafeInteger(number)) highest = Math.max(highest, number)
  }
  const copy = join(parent, `${prefix}${highest + 1}`)
  await cp(levelPath, copy, { recursive: true, errorOnExist: true, force: false })
  return copy
}

/**
 * Notes that a repair begins. A repair leaves no trace in the database, so without the note an open
 * after one that died on the way would take what is left for all that there was.
 */
export async function noteRepair(levelPath: string): Promise<void> {
  const file = await open(notePath(levelPath), 'w')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(dirname(levelPath))
}

/** Whether a repair began whose losses are not accounted for. */
export async function isRepairNoted(levelPath: string): Promise<boolean> {
  const names = await readdir(dirname(levelPath))
  return names.includes(basename(notePath(levelPath)))
}

/** To be called once the losses are accounted for, durably. */
export async function forgetRepair(levelPath: string): Promise<void> {
  await rm(notePath(levelPath), { force: true })
}

function notePath(levelPath: string): string {
  return `${levelPath}.repairing`
}
