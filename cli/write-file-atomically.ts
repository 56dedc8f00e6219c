import { randomUUID } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'

/**
 * Writes a file so that it is either there in whole, on disk, or as it was before. What is no
 * regular file (a pipe, a device) is written to directly.
 */
export async function writeFileAtomically(file: string, data: string | Uint8Array): Promise<void> {
  if (await isSpecialFile(file)) return writeAndSync(file, data, 'w')
  const partial = `${file}.${randomUUID()}.partial`
  try {
    await writeAndSync(partial, data, 'wx')
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function isSpecialFile(file: string): Promise<boolean> {
  try {
    return !(await stat(file)).isFile()
  } catch {
    return false // Not there yet, or out of reach: then the write itself says why.
  }
}

async function writeAndSync(
  file: string,
  data: string | Uint8Array,
  flags: 'w' | 'wx',
): Promise<void> {
  const handle = await open(file, flags)
  try {
    await handle.writeFile(data)
    if ((await handle.stat()).isFile()) await handle.sync()
  } finally {
    await handle.close()
  }
}
