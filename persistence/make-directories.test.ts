import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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
    expect(await makeDirectories(deep)).toBe(true)
    expect((await stat(deep)).isDirectory()).toBe(true)
  })

  test('is left as it is where it is there', async () => {
    expect(await makeDirectories(base)).toBe(false)
  })

  test('is not made where a file stands in the way', async () => {
    const file = path.join(base, 'file')
    await writeFile(file, '')
    await expect(makeDirectories(file)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectories(path.join(file, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  if (!existsSync('/proc/self')) {
    saySkipped(
      'make-directories.test, a place where nothing can be made',
      'it needs the /proc of Linux',
    )
  }
  test.skipIf(!existsSync('/proc/self'))('is given up where nothing can be made', async () => {
    await expect(makeDirectories('/proc/cairn/data')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
