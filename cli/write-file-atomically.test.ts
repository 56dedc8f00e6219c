import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFileAtomically } from './write-file-atomically.js'

let directory: string

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-write-'))
})

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true })
})

test('a file is made, and one that is there is replaced', async () => {
  const file = path.join(directory, 'out')
  await writeFileAtomically(file, 'first, longer')
  await writeFileAtomically(file, Uint8Array.of(1, 2))
  expect([...fs.readFileSync(file)]).toEqual([1, 2])
  expect(fs.readdirSync(directory)).toEqual(['out'])
})

test('where the target is a directory, it fails and leaves nothing behind', async () => {
  fs.mkdirSync(path.join(directory, 'out'))
  await expect(writeFileAtomically(path.join(directory, 'out'), 'x')).rejects.toMatchObject({
    code: 'EISDIR',
  })
  await expect(writeFileAtomically(path.join(directory, 'no/out'), 'x')).rejects.toMatchObject({
    code: 'ENOENT',
  })
  expect(fs.readdirSync(directory)).toEqual(['out'])
})

test('a device is written to, not replaced', async () => {
  await writeFileAtomically('/dev/null', 'x')
  expect(fs.statSync('/dev/null').isCharacterDevice()).toBe(true)
})
