import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CairnError } from '../protocol/errors.js'
import { appendAll, withLog } from './contract-rule.js'
import { ledgerBaseKey } from './level-keys.js'
import { type OpenLevel, openClassicLevel } from './level-port.js'
import { type LevelStoreOptions, levelStore } from './level-store.js'

let parent = ''
let directory = ''
let warnings: CairnError[] = []

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cairn-repair-'))
  directory = join(parent, 'data')
  warnings = []
})

afterEach(() => rm(parent, { recursive: true }))

function createStore(options: LevelStoreOptions = {}) {
  return levelStore(directory, { ...options, onWarning: (warning) => warnings.push(warning) })
}

/** Documents `old` and `new`, each in a table of its own. @returns the epoch of `new` */
async function writeTables(): Promise<Uint8Array | undefined> {
  let epoch: Uint8Array | undefined
  for (const name of ['old', 'new']) {
    const store = createStore()
    await store.open()
    await withLog(store, name, async (log) => {
      await appendAll(log, ['one', 'two'])
      epoch = log.epoch
    })
    await store.close()
  }
  const store = createStore()
  await store.open()
  await store.close()
  return epoch
}

async function filesOf(pattern: RegExp): Promise<string[]> {
  const names = await readdir(join(directory, 'db'))
  return names.filter((name) => pattern.test(name)).sort()
}

async function removeFile(pattern: RegExp): Promise<void> {
  const [name = ''] = await filesOf(pattern)
  await rm(join(directory, 'db', name))
}

describe('a repair', () => {
  test('keeps the damaged files beside those of earlier ones, whichever are left', async () => {
    await writeTables()
    await mkdir(join(directory, 'db.damaged-2'))
    await removeFile(/^MANIFEST/)
    const store = createStore({ acceptLoss: true })
    await store.open()
    expect((await store.list()).map(({ name }) => name)).toEqual(['new', 'old'])
    await store.close()
    expect(await readdir(join(directory, 'db.damaged-3'))).toContain('CURRENT')
    expect(await readdir(directory)).not.toContain('db.repairing')
  })

  test('that was killed half way is told by the next open, which gives other epochs', async () => {
    const epoch = await writeTables()
    await removeFile(/\.ldb$/)
    await expect(createStore().open()).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    // What a process leaves that dies after the repair and before its first batch.
    const left = join(parent, 'left')
    let opened = 0
    const dies = createStore({
      acceptLoss: true,
      async openLevel(path, options) {
        if (++opened === 1) return openClassicLevel(path, options)
        await cp(directory, left, { recursive: true })
        throw new Error('the process died')
      },
    })
    await expect(dies.open()).rejects.toThrow('the process died')
    directory = left
    const lock = JSON.parse(await readFile(join(left, 'lock'), 'utf8'))
    await writeFile(join(left, 'lock'), JSON.stringify({ ...lock, pid: 2 ** 30 }))
    warnings = []
    const store = createStore()
    await store.open()
    expect(warnings.map(({ rule }) => rule)).toEqual(['repaired'])
    await withLog(store, 'new', async (log) => {
      expect(log.head).toBe(2)
      expect(log.epoch).not.toEqual(epoch)
    })
    await store.close()
    warnings = []
    const again = createStore()
    await again.open()
    await again.close()
    expect(warnings).toEqual([])
  })
})

test('a store whose ledger and witness were unreadable writes small batches again', async () => {
  await writeTables()
  await rm(join(directory, 'committed'))
  const level = new ClassicLevel<Uint8Array, Uint8Array>(join(directory, 'db'), {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  await level.put(ledgerBaseKey, Uint8Array.of(1, 2, 3))
  await level.close()
  const sizes: number[] = []
  const openCounting: OpenLevel = async (path, options) => {
    const opened = await openClassicLevel(path, options)
    return {
      ...opened,
      write(operations, writeOptions) {
        sizes.push(operations.length)
        return opened.write(operations, writeOptions)
      },
    }
  }
  for (const acceptLoss of [true, false]) {
    const store = createStore({ acceptLoss, openLevel: openCounting })
    await store.open()
    await withLog(store, 'new', (log) => appendAll(log, ['more']))
    await store.close()
  }
  expect(Math.max(...sizes)).toBeLessThan(20)
})
