import {
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CairnError } from '../protocol/errors.js'
import { createRandom } from '../runtime/seeded-random.js'
import { CommittedWitness, readWitness } from './committed-witness.js'
import { appendAll, readAll, readLabels, updateOf, withLog } from './contract-rule.js'
import type { DocumentStore } from './document-store.js'
import { levelStore } from './level-store.js'
import { ownIdentity } from './process-identity.js'

let parent = ''
let directory = ''
let warnings: CairnError[] = []
const stores: DocumentStore[] = []

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cairn-damage-'))
  directory = join(parent, 'data')
  warnings = []
})

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  await rm(parent, { recursive: true })
})

interface Opening {
  readonly durability?: 'fsync' | 'os'
  readonly acceptLoss?: boolean
}

async function openStore(options: Opening = {}): Promise<DocumentStore> {
  const store = levelStore(directory, {
    ...options,
    onWarning: (warning) => warnings.push(warning),
  })
  await store.open()
  stores.push(store)
  return store
}

/** Ten batches of one record of document `a`, and one of document `b`, in the `.log` file. */
async function writeBatches(options: Opening = {}): Promise<Uint8Array> {
  const store = await openStore(options)
  const epoch = await withLog(store, 'a', async (log) => {
    for (let index = 1; index <= 10; index++) await appendAll(log, [`record ${index}`])
    return log.epoch
  })
  await withLog(store, 'b', (log) => appendAll(log, ['of b']))
  await store.close()
  return epoch ?? new Uint8Array(0)
}

async function findFiles(pattern: RegExp): Promise<string[]> {
  const levelPath = join(directory, 'db')
  const names = (await readdir(levelPath)).filter((name) => pattern.test(name))
  return names.map((name) => join(levelPath, name))
}

async function findFile(pattern: RegExp): Promise<string> {
  const [first] = await findFiles(pattern)
  if (first === undefined) throw new Error(`the database has no file like ${pattern}`)
  return first
}

async function overwrite(path: string, position: number, length = 64): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(length, 0xa5), 0, length, position)
  await file.close()
}

/** Bytes that do not compress. */
function randomBytes(length: number, seed: number): Uint8Array {
  const random = createRandom(seed)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

/** Opening refuses twice: the first attempt must not have swept the evidence away. */
async function expectDamaged(rule: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const opened = openStore()
    await expect(opened).rejects.toMatchObject({ code: 'STORE_DAMAGED', rule })
    await expect(opened).rejects.toThrow(directory)
    await expect(opened).rejects.toThrow('acceptLoss')
  }
}

describe('a directory', () => {
  test('that is not empty and not a store is refused and left alone', async () => {
    await mkdir(directory)
    await writeFile(join(directory, 'thesis.tex'), '')
    const foreign = { code: 'STORE_UNKNOWN_FORMAT', rule: 'foreign-directory' }
    await expect(openStore()).rejects.toMatchObject(foreign)
    expect(await readdir(directory)).toEqual(['thesis.tex'])
  })

  test('that is the root of a new file system is taken', async () => {
    await mkdir(join(directory, 'lost+found'), { recursive: true })
    await writeBatches()
    await withLog(await openStore(), 'a', async (log) => expect(log.head).toBe(10))
  })

  test('of another version is refused', async () => {
    await writeBatches()
    const path = join(directory, 'cairn.json')
    const marker = JSON.parse(await readFile(path, 'utf8'))
    expect(marker).toMatchObject({ format: 'cairn-level', version: 1, state: 'ready' })
    await writeFile(path, JSON.stringify({ ...marker, version: 2 }))
    await expect(openStore()).rejects.toMatchObject({ code: 'STORE_UNKNOWN_FORMAT' })
  })

  test('whose creation was cut short is made anew', async () => {
    await mkdir(directory)
    await writeFile(
      join(directory, 'cairn.json'),
      '{"format":"cairn-level","version":1,"state":"creating","created":""}',
    )
    await writeBatches()
    await withLog(await openStore(), 'a', async (log) => expect(log.head).toBe(10))
  })

  for (const [what, content] of [
    ['missing', undefined],
    ['empty', ''],
    ['not an object', '1'],
    ['without a state', '{"format":"cairn-level","version":1}'],
  ] as const) {
    test(`whose marker is ${what} is refused, and goes on with acceptLoss`, async () => {
      await writeBatches()
      const path = join(directory, 'cairn.json')
      if (content === undefined) await rm(path)
      else await writeFile(path, content)
      await expectDamaged(content === undefined ? 'marker-missing' : 'marker-unreadable')
      const store = await openStore({ acceptLoss: true })
      await withLog(store, 'a', async (log) => expect(log.head).toBe(10))
      await store.close()
      await withLog(await openStore(), 'a', async (log) => expect(log.head).toBe(10))
    })
  }
})

describe('a database', () => {
  test('without CURRENT is refused; acceptLoss repairs a copy and keeps everything', async () => {
    await writeBatches()
    await rm(await findFile(/^CURRENT$/))
    await expectDamaged('level-open')
    const store = await openStore({ acceptLoss: true })
    expect(warnings.map(({ rule }) => rule)).toContain('repaired')
    expect(await readdir(directory)).toContain('db.damaged-1')
    await withLog(store, 'a', async (log) => expect((await readAll(log)).length).toBe(10))
  })

  test('without its MANIFEST is refused; acceptLoss repairs it', async () => {
    const epoch = await writeBatches()
    await rm(await findFile(/^MANIFEST/))
    await expectDamaged('level-open')
    const store = await openStore({ acceptLoss: true })
    await withLog(store, 'a', async (log) => {
      expect((await readAll(log)).length).toBe(10)
      expect(log.epoch).not.toEqual(epoch)
    })
    await store.close()
    await withLog(await openStore(), 'b', async (log) => expect(log.head).toBe(1))
  })

  test('that is gone is refused, also with acceptLoss', async () => {
    await writeBatches()
    await rm(join(directory, 'db'), { recursive: true })
    await expectDamaged('level-open')
    const opened = openStore({ acceptLoss: true })
    await expect(opened).rejects.toMatchObject({ code: 'STORE_DAMAGED', rule: 'nothing-left' })
  })

  test('without one of its tables is refused; acceptLoss says what is gone', async () => {
    const epoch = await writeBatches()
    // The second open puts the first session's records into a table.
    await (await openStore()).close()
    for (const table of await findFiles(/\.ldb$/)) await rm(table)
    await expectDamaged('level-open')
    const store = await openStore({ acceptLoss: true })
    expect(warnings.length).toBeGreaterThan(0)
    const listed = await store.list()
    expect(listed.every((document) => Buffer.compare(document.epoch, epoch) !== 0)).toBe(true)
    await store.close()
    await openStore()
  })

  test('with a damaged table says which document cannot be read', async () => {
    const store = await openStore()
    await withLog(store, 'a', async (log) => {
      for (let index = 0; index < 50; index++) {
        await log.append({ update: randomBytes(5000, index), principal: '', connection: '' })
      }
    })
    await store.close()
    await (await openStore()).close()
    const table = await findFile(/\.ldb$/)
    await overwrite(table, Math.floor((await stat(table)).size / 2))
    const damaged = await openStore()
    const report = await damaged.verify('a')
    expect(report.problems.length).toBeGreaterThan(0)
    expect(report.problems.join()).toContain('document "a"')
    await withLog(damaged, 'a', async (log) => {
      const read = readAll(log)
      await expect(read).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
      await expect(read).rejects.toThrow('document "a"')
    })
    const saved = await damaged.exportDocument('a', { salvage: true })
    expect(saved?.records.length).toBeGreaterThan(0)
    expect(saved?.records.length).toBeLessThan(50)
  })
})

describe('the write-ahead log', () => {
  /** Where in the `.log` file the bytes of a record stand. */
  async function positionOf(path: string, label: string): Promise<number> {
    const position = (await readFile(path)).indexOf(Buffer.from(updateOf(label)))
    expect(position).toBeGreaterThan(0)
    return position
  }

  test('cut in its last batch, which was acknowledged, is refused', async () => {
    await writeBatches()
    const path = await findFile(/\.log$/)
    await truncate(path, (await stat(path)).size - 5)
    await expectDamaged('lost-batches')
    await expect(openStore()).rejects.toThrow('1 acknowledged batches are missing')
  })

  test('damaged in the middle, is refused with the number of batches', async () => {
    await writeBatches()
    const path = await findFile(/\.log$/)
    await overwrite(path, await positionOf(path, 'record 4'), 4)
    await expectDamaged('lost-batches')
  })

  test('cut is accepted with acceptLoss: the log goes on, under another epoch', async () => {
    const epoch = await writeBatches()
    const path = await findFile(/\.log$/)
    await truncate(path, await positionOf(path, 'record 9'))
    await expectDamaged('lost-batches')
    const store = await openStore({ acceptLoss: true })
    expect(warnings.map(({ rule }) => rule)).toEqual(['lost-batches'])
    await withLog(store, 'a', async (log) => {
      expect(log.head).toBe(8)
      expect(log.epoch).not.toEqual(epoch)
      expect(await appendAll(log, ['again'])).toEqual([9])
    })
    await store.close()
    const again = await openStore()
    await withLog(again, 'a', async (log) => {
      expect((await readLabels(log)).slice(-2)).toEqual(['record 8', 'again'])
    })
  })

  test('lost with everything in it is refused', async () => {
    await writeBatches()
    await truncate(await findFile(/\.log$/), 0)
    await expectDamaged('ledger-missing')
  })

  test('with the beginning of a batch that nobody was promised opens silently', async () => {
    await writeBatches()
    const path = await findFile(/\.log$/)
    await truncate(path, (await stat(path)).size - 5)
    // As if the process had been killed before it acknowledged the last batch.
    const witnessed = await readWitness(directory)
    const batch = (witnessed?.batch ?? 0) - 1
    await (await CommittedWitness.open(directory, 'fsync', batch)).close(undefined)
    const store = await openStore()
    expect(warnings).toEqual([])
    await withLog(store, 'a', async (log) => expect(log.head).toBe(10))
  })

  test('cut with durability os is reported and gives every document an epoch', async () => {
    const epoch = await writeBatches({ durability: 'os' })
    const path = await findFile(/\.log$/)
    await truncate(path, await positionOf(path, 'record 9'))
    const store = await openStore({ durability: 'os' })
    expect(warnings.map(({ rule }) => rule)).toEqual(['lost-tail-os'])
    await withLog(store, 'a', async (log) => {
      expect(log.head).toBe(8)
      expect(log.epoch).not.toEqual(epoch)
    })
    await store.close()
    await openStore({ durability: 'os' })
    expect(warnings.length).toBe(1)
  })

  const otherBoot = JSON.stringify({ pid: 1, startTime: '1', bootId: 'another boot' })
  for (const [what, lock] of [
    ['its lock', otherBoot],
    // Nobody synced the lock, so it may be gone as well.
    ['no lock', undefined],
  ] as const) {
    test(`of a store of durability os that left ${what} at a power cut may have lost something`, async () => {
      const epoch = await writeBatches({ durability: 'os' })
      await forgetClose()
      if (lock !== undefined) await writeFile(join(directory, 'lock'), lock)
      const store = await openStore()
      expect(warnings).toEqual([])
      await withLog(store, 'a', async (log) => {
        expect(log.head).toBe(10)
        expect(log.epoch).not.toEqual(epoch)
      })
    })
  }

  test('of a store of durability os is suspected until an open has got as far as to write', async () => {
    const epoch = await writeBatches({ durability: 'os' })
    await forgetClose()
    await writeFile(join(directory, 'lock'), otherBoot)
    for (const copy of ['first', 'second']) {
      const left = join(parent, copy)
      const dies = levelStore(directory, {
        async openLevel() {
          await cp(directory, left, { recursive: true })
          throw new Error('the process died')
        },
      })
      await expect(dies.open()).rejects.toThrow('the process died')
      // What the process left is the copy, since it did not live to release its lock.
      const lock = JSON.parse(await readFile(join(left, 'lock'), 'utf8'))
      await writeFile(join(left, 'lock'), JSON.stringify({ ...lock, pid: 2 ** 30 }))
      directory = left
    }
    const store = await openStore()
    await withLog(store, 'a', async (log) => expect(log.epoch).not.toEqual(epoch))
    const { writtenIn } = JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))
    expect(writtenIn).toBe((await ownIdentity()).bootId)
  })

  test('of a store of durability os that was closed in order has lost nothing', async () => {
    const epoch = await writeBatches({ durability: 'os' })
    const store = await openStore()
    await withLog(store, 'a', async (log) => expect(log.epoch).toEqual(epoch))
  })
})

/** As if the store had still been open at the end. */
async function forgetClose(): Promise<void> {
  const witnessed = await readWitness(directory)
  const batch = witnessed?.batch ?? 0
  await (await CommittedWitness.open(directory, 'os', batch)).close(undefined)
}

describe('the witness', () => {
  for (const [what, damage] of [
    ['missing', (path: string) => rm(path)],
    ['cut', (path: string) => truncate(path, 7)],
    ['changed', (path: string) => overwrite(path, 4, 4)],
  ] as const) {
    test(`that is ${what} is damage, and acceptLoss writes it anew`, async () => {
      await writeBatches()
      await damage(join(directory, 'committed'))
      await expectDamaged('witness')
      await (await openStore({ acceptLoss: true })).close()
      await withLog(await openStore(), 'a', async (log) => expect(log.head).toBe(10))
    })
  }
})
