import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendAll, readLabels, snapshotOf, updateOf, withLog } from './contract-rule.js'
import type { DocumentStore } from './document-store.js'
import { asBuffer, kindRange } from './level-keys.js'
import { type LevelEntry, type LevelOperation, openClassicLevel } from './level-port.js'
import { levelStore } from './level-store.js'

let directory = ''
let store: DocumentStore = levelStore('unused')

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cairn-records-'))
})

afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

/** Document `a`: a snapshot through 2, then 3 to 8, 8 of two chunks. Document `b` of one record. */
async function writeDocuments(): Promise<void> {
  store = levelStore(directory)
  await store.open()
  await withLog(store, 'a', async (log) => {
    for (const label of ['one', 'two', 'three', 'four', 'five', 'six', 'seven']) {
      await appendAll(log, [label])
    }
    await log.append({ update: updateOf('big', 1_100_000), principal: '', connection: '' })
    await log.writeSnapshot(snapshotOf(2, 'snapshot', 1_100_000))
  })
  await withLog(store, 'b', (log) => appendAll(log, ['of b']))
  // The guard that a closing log leaves is written by the close of the store at the latest.
  await store.close()
}

type Kind = Parameters<typeof kindRange>[0]
type Edit = (entries: readonly LevelEntry[]) => LevelOperation[]

/** Changes the database behind the store's back, as bad sectors and bad memory do. */
async function edit(kind: Kind, change: Edit): Promise<void> {
  const options = { createIfMissing: false, writeBufferSize: 4 * 1024 * 1024 }
  const level = await openClassicLevel(join(directory, 'db'), options)
  const entries: LevelEntry[] = []
  for await (const page of level.scan(kindRange(kind))) entries.push(...page)
  await level.write(change(entries), { sync: true })
  await level.close()
}

/** The segments of document `a`, which has more of them than `b`, by their last sequence. */
function segmentsOfA(entries: readonly LevelEntry[]): Map<string, LevelEntry> {
  const byId = new Map<string, LevelEntry[]>()
  for (const entry of entries) {
    const id = asBuffer(entry[0]).toString('hex', 1, 17)
    byId.set(id, [...(byId.get(id) ?? []), entry])
  }
  const [largest = []] = [...byId.values()].sort((x, y) => y.length - x.length)
  return new Map(
    largest.map((entry) => {
      const key = asBuffer(entry[0])
      return [`${key.readUIntBE(17, 6)}.${key.readUInt16BE(23)}`, entry]
    }),
  )
}

function entryOf(entries: Map<string, LevelEntry>, name: string): LevelEntry {
  const entry = entries.get(name)
  if (entry === undefined) throw new Error(`no ${name} among ${[...entries.keys()].join()}`)
  return entry
}

function flip([key, value]: LevelEntry, at = Math.floor(value.length / 2)): LevelOperation {
  const changed = Buffer.from(value)
  changed[at] = (changed[at] ?? 0) ^ 0x10
  return { type: 'put', key, value: changed }
}

function remove([key]: LevelEntry): LevelOperation {
  return { type: 'del', key }
}

async function reopen(): Promise<void> {
  store = levelStore(directory)
  await store.open()
}

interface TailCase {
  readonly what: string
  readonly change: (segments: Map<string, LevelEntry>) => LevelOperation[]
  readonly rule: string
  readonly message: RegExp
  /** The sequences that salvage gives after the snapshot. */
  readonly saved: readonly number[]
  readonly problems: number
}

const tailCases: readonly TailCase[] = [
  {
    what: 'a flipped bit in a record',
    change: (segments) => [flip(entryOf(segments, '5.0'))],
    rule: 'checksum',
    message: /document "a".* 5 to 5 cannot be read/,
    saved: [3, 4],
    problems: 1,
  },
  {
    what: 'a flipped bit in the format byte',
    change: (segments) => [flip(entryOf(segments, '5.0'), 0)],
    rule: 'checksum',
    message: / 5 to 5 cannot be read/,
    saved: [3, 4],
    problems: 1,
  },
  {
    what: 'a record of another format',
    change(segments) {
      const [key, value] = entryOf(segments, '4.0')
      const changed = Buffer.from(value)
      changed[0] = 2
      const end = changed.length - 4
      changed.writeUInt32BE(crc32(changed.subarray(0, end), crc32(key)), end)
      return [{ type: 'put', key, value: changed }]
    },
    rule: 'format',
    message: /its format is 2/,
    saved: [3],
    problems: 1,
  },
  {
    what: 'a missing record',
    change: (segments) => [remove(entryOf(segments, '6.0'))],
    rule: 'hole',
    message: /record 6 is missing/,
    saved: [3, 4, 5],
    problems: 1,
  },
  {
    what: 'missing records right after the snapshot',
    change: (segments) => [remove(entryOf(segments, '3.0')), remove(entryOf(segments, '4.0'))],
    rule: 'hole',
    message: /records 3 to 4 are missing/,
    saved: [],
    problems: 1,
  },
  {
    what: 'a record in the place of another',
    change(segments) {
      const [, value] = entryOf(segments, '4.0')
      return [{ type: 'put', key: entryOf(segments, '6.0')[0], value }]
    },
    rule: 'checksum',
    message: / 6 to 6 cannot be read/,
    saved: [3, 4, 5],
    problems: 1,
  },
  {
    what: 'a missing second chunk',
    change: (segments) => [remove(entryOf(segments, '8.1'))],
    rule: 'checksum',
    message: / 8 to 8 cannot be read: its end is missing/,
    saved: [3, 4, 5, 6, 7],
    problems: 1,
  },
  {
    what: 'a missing first chunk',
    change: (segments) => [remove(entryOf(segments, '8.0'))],
    rule: 'checksum',
    message: / 8 to 8 cannot be read: chunk 0 is missing/,
    saved: [3, 4, 5, 6, 7],
    problems: 1,
  },
  {
    what: 'several things at once',
    change: (segments) => [
      flip(entryOf(segments, '4.0')),
      remove(entryOf(segments, '6.0')),
      flip(entryOf(segments, '8.1')),
    ],
    rule: 'checksum',
    message: / 4 to 4 cannot be read/,
    saved: [3],
    problems: 3,
  },
]

async function expectOtherIsSound(): Promise<void> {
  await withLog(store, 'b', async (log) => expect(await readLabels(log)).toEqual(['of b']))
  expect((await store.verify('b')).problems).toEqual([])
}

describe('a document whose tail has', () => {
  for (const { what, change, rule, message, saved, problems } of tailCases) {
    test(`${what} is damaged, the others go on`, async () => {
      await writeDocuments()
      await edit('segment', (entries) => change(segmentsOfA(entries)))
      await reopen()
      await withLog(store, 'a', async (log) => {
        const read = readLabels(log)
        await expect(read).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED', rule })
        await expect(read).rejects.toThrow(message)
      })
      await expectOtherIsSound()
      expect((await store.verify('a')).problems.length).toBe(problems)
      await expect(store.stat('a')).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
      await expect(store.exportDocument('a')).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
      const salvaged = await store.exportDocument('a', { salvage: true })
      expect(salvaged?.snapshot?.through).toBe(2)
      expect(salvaged?.records.map(({ sequence }) => sequence)).toEqual(saved)
      expect(await store.delete('a')).toBe(true)
      if (salvaged !== undefined) await store.importDocument(salvaged)
      expect((await store.verify('a')).problems).toEqual([])
    })
  }

  test('lost its end is damaged, since the guard knows how far it went', async () => {
    await writeDocuments()
    await edit('segment', (entries) => {
      const segments = segmentsOfA(entries)
      return ['7.0', '8.0', '8.1'].map((name) => remove(entryOf(segments, name)))
    })
    await reopen()
    const opened = store.openLog('a')
    await expect(opened).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED', rule: 'tail' })
    await expect(opened).rejects.toThrow('ends at 6 and once ended at 8')
    const salvaged = await store.exportDocument('a', { salvage: true })
    expect(salvaged?.records.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6])
    expect((await store.verify('a')).problems.length).toBe(2)
    await expectOtherIsSound()
  })
})

describe('a document whose snapshot', () => {
  for (const [what, kind, change] of [
    ['has a flipped bit', 'snapshot', (entries) => entries.slice(0, 1).map((entry) => flip(entry))],
    ['lacks its end', 'snapshot', (entries) => entries.slice(1).map(remove)],
    ['lacks its beginning', 'snapshot', (entries) => entries.slice(0, 1).map(remove)],
    ['is gone', 'snapshot', (entries) => entries.map(remove)],
  ] as const satisfies readonly (readonly [string, Kind, Edit])[]) {
    test(`${what} is damaged when it is read`, async () => {
      await writeDocuments()
      await edit(kind, change)
      await reopen()
      await withLog(store, 'a', async (log) => {
        const read = log.readSnapshot()
        await expect(read).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
        await expect(read).rejects.toThrow('the snapshot of document "a"')
      })
      const salvage = store.exportDocument('a', { salvage: true })
      await expect(salvage).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
      expect((await store.verify('a')).problems.length).toBe(1)
      await expectOtherIsSound()
    })
  }

  for (const [what, change] of [
    ['has a flipped bit', (entries) => entries.map((entry) => flip(entry))],
    ['is gone', (entries) => entries.map(remove)],
  ] as const satisfies readonly (readonly [string, Edit])[]) {
    test(`has an index that ${what} is damaged at the open`, async () => {
      await writeDocuments()
      await edit('snapshotIndex', change)
      await reopen()
      await expect(store.openLog('a')).rejects.toMatchObject({ code: 'DOCUMENT_DAMAGED' })
      expect((await store.verify('a')).problems.length).toBe(1)
      await expectOtherIsSound()
    })
  }
})

describe('a document whose catalogue', () => {
  const ofA: (entries: readonly LevelEntry[]) => LevelEntry[] = (entries) =>
    entries.filter(([key]) => asBuffer(key).toString('utf8', 1) === 'a')

  for (const [what, kind, change] of [
    ['entry has a flipped bit', 'catalogue', (entries) => ofA(entries).map((entry) => flip(entry))],
    ['entry is gone', 'catalogue', (entries) => ofA(entries).map(remove)],
    ['guard has a flipped bit', 'guard', (entries) => ofA(entries).map((entry) => flip(entry))],
    ['guard is gone', 'guard', (entries) => ofA(entries).map(remove)],
  ] as const satisfies readonly (readonly [string, Kind, Edit])[]) {
    test(`${what} is damaged, never empty: listed, not opened, deletable`, async () => {
      await writeDocuments()
      await edit(kind, change)
      await reopen()
      const damaged = { code: 'DOCUMENT_DAMAGED' }
      await expect(store.openLog('a')).rejects.toMatchObject(damaged)
      await expect(store.stat('a')).rejects.toMatchObject(damaged)
      await expect(store.exportDocument('a')).rejects.toMatchObject(damaged)
      expect((await store.list()).map(({ name }) => name)).toEqual(['a', 'b'])
      expect((await store.verify('a')).problems.length).toBeGreaterThan(0)
      await expectOtherIsSound()
      if (kind === 'guard') {
        const salvaged = await store.exportDocument('a', { salvage: true })
        expect(salvaged?.records.length).toBe(6)
      }
      expect(await store.delete('a')).toBe(true)
      await withLog(store, 'a', async (log) => {
        expect(log.head).toBe(0)
        expect(await appendAll(log, ['new'])).toEqual([1])
      })
    })
  }

  test('entry is gone gives its records back where it had no snapshot', async () => {
    await writeDocuments()
    await edit('catalogue', (entries) => entries.map(remove))
    await reopen()
    const salvaged = await store.exportDocument('b', { salvage: true })
    expect(salvaged?.records.map(({ sequence }) => sequence)).toEqual([1])
  })
})
