import { existsSync, readlinkSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { saySkipped } from '../test/say-skipped.js'
import { makeDirectories } from './make-directories.js'

describe('a directory for a store', () => {
  let base: string

  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'cairn-directories-'))
  })

  afterEach(() => rm(base, { recursive: true, force: true }))

  test('is made with all above it', async () => {
    const deep = path.join(base, 'a', 'b', 'c')
    await makeDirectories(deep)
    expect((await stat(deep)).isDirectory()).toBe(true)
  })

  test('is left as it is where it is there', async () => {
    await writeFile(path.join(base, 'file'), '')
    await makeDirectories(base)
    expect(await readdir(base)).toEqual(['file'])
  })

  test.skipIf(!existsSync('/proc/self'))(
    'is there after a power cut, with all above it',
    async () => {
      const probe = await open(base, 'r')
      const handles: FileHandle = Object.getPrototypeOf(probe)
      await probe.close()
      const synced: string[] = []
      const sync = vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
        synced.push(readlinkSync(`/proc/self/fd/${this.fd}`))
      })
      await makeDirectories(path.join(base, 'a', 'b', 'c'))
      sync.mockRestore()
      expect(synced).toEqual([base, path.join(base, 'a'), path.join(base, 'a', 'b')])
    },
  )

  test('is not made where a file stands in the way', async () => {
    const file = path.join(base, 'file')
    await writeFile(file, '')
    await expect(makeDirectories(file)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectories(path.join(file, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  if (!existsSync('/proc/self')) {
    saySkipped(
      'make-directories.test, what is synced, and a place where nothing can be made',
      'it needs the /proc of Linux',
    )
  }
  test.skipIf(!existsSync('/proc/self'))('is given up where nothing can be made', async () => {
    await expect(makeDirectories('/proc/cairn/data')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
