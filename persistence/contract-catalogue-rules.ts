import assert from 'node:assert/strict'
import {
  appendAll,
  type ContractRule,
  readAll,
  readLabels,
  snapshotOf,
  updateOf,
  withLog,
} from './contract-rule.js'
import type { DocumentStore, ExportedDocument } from './document-store.js'

/** What a store does with names and whole documents. */
export const catalogueRules: readonly ContractRule[] = [
  {
    id: 'ST18',
    title: 'a store takes any name, and no two names are one document',
    async check(subject) {
      const names = ['__proto__', 'constructor', 'a/b c', 'a', 'a/b', 'A', ' ', '\0', '🦀']
      names.push('\u00e9', 'e\u0301', 'x'.repeat(1000), 'é'.repeat(500))
      for (const name of names) {
        await withLog(subject.store, name, (log) => appendAll(log, [`of ${name}`]))
      }
      await subject.store.close()
      const store = subject.reopened()
      await store.open()
      for (const name of names) {
        await withLog(store, name, async (log) => {
          assert.deepEqual(await readLabels(log), [`of ${name}`])
        })
      }
      assert.equal((await store.list()).length, names.length)
      await assert.rejects(store.openLog(''), { code: 'INVALID_NAME' })
      await assert.rejects(store.openLog('\ud800'), { code: 'INVALID_NAME' })
    },
  },
  {
    id: 'ST19',
    title: 'a store lists names in the order of their UTF-8 bytes, by prefix and in pages',
    async check({ store }) {
      const names = ['a', 'a/', 'a/1', 'a/2', 'b', '\uffee', '🦀']
      for (const name of [...names].reverse()) await write(store, name)
      assert.deepEqual(await listNames(store, {}), names)
      assert.deepEqual(await listNames(store, { prefix: 'a/' }), ['a/', 'a/1', 'a/2'])
      assert.deepEqual(await listNames(store, { limit: 2 }), ['a', 'a/'])
      assert.deepEqual(await listNames(store, { limit: 2, after: 'a/' }), ['a/1', 'a/2'])
      assert.deepEqual(await listNames(store, { prefix: 'a/', after: 'a/1' }), ['a/2'])
      assert.deepEqual(await listNames(store, { prefix: 'b', after: 'a' }), ['b'])
      assert.deepEqual(await listNames(store, { after: '🦀' }), [])
      assert.deepEqual(await listNames(store, { limit: 0 }), [])
      const [first] = await store.list()
      const stat = await store.stat('a')
      assert.deepEqual(first, { name: 'a', epoch: stat?.epoch, createdAt: stat?.createdAt })
    },
  },
  {
    id: 'ST20',
    title: 'a store tells how large a document is and when it was written',
    async check({ store }) {
      const records = await withLog(store, 'a', async (log) => {
        await appendAll(log, ['one', 'two', 'three'])
        await log.writeSnapshot(snapshotOf(1, 'snapshot'))
        return readAll(log)
      })
      const stat = await store.stat('a')
      assert.ok(stat !== undefined && stat.createdAt > 0)
      const { epoch, createdAt } = stat
      assert.deepEqual(stat, {
        name: 'a',
        epoch,
        createdAt,
        head: 3,
        snapshotThrough: 1,
        snapshotBytes: 8,
        tailRecords: 2,
        tailBytes: 8,
        lastWriteAt: records.at(-1)?.time,
      })
    },
  },
  {
    id: 'ST21',
    title: 'a document that is deleted is gone, and one that is made again has nothing of it',
    async check(subject) {
      const { store } = subject
      assert.equal(await store.delete('a'), false)
      const before = await withLog(store, 'a', async (log) => {
        await assert.rejects(store.delete('a'), { code: 'DOCUMENT_IN_USE' })
        await appendAll(log, ['one', 'two', 'three'])
        await log.writeSnapshot(snapshotOf(2, 'snapshot'))
        return log.epoch
      })
      assert.equal(await store.delete('a'), true)
      assert.equal(await store.delete('a'), false)
      assert.equal(await store.stat('a'), undefined)
      assert.deepEqual(await store.list(), [])
      await withLog(store, 'a', async (log) => {
        assert.deepEqual([log.head, log.epoch, log.snapshot], [0, undefined, undefined])
        assert.deepEqual(await appendAll(log, ['new']), [1])
        assert.notDeepEqual(log.epoch, before)
      })
      await store.close()
      const reopened = subject.reopened()
      await reopened.open()
      await withLog(reopened, 'a', async (log) => assert.deepEqual(await readLabels(log), ['new']))
    },
  },
  {
    id: 'ST22',
    title: 'a document that is exported and imported is the same, authors and times included',
    async check(subject) {
      const { store } = subject
      await withLog(store, 'a', async (log) => {
        await appendAll(log, ['one', 'two', 'three'])
        await log.writeSnapshot(snapshotOf(2, 'snapshot', 1_500_000))
        await log.append({ update: updateOf('four'), principal: 'bob', connection: 'c2' })
      })
      const exported = await store.exportDocument('a')
      assert.ok(exported !== undefined)
      await store.importDocument({ ...exported, name: 'copy' })
      await store.delete('a')
      await store.importDocument(exported)
      await store.close()
      const reopened = subject.reopened()
      await reopened.open()
      const copy = await reopened.exportDocument('copy')
      assertSameDocument(copy, { ...exported, name: 'copy' })
      assertSameDocument(await reopened.exportDocument('a'), exported)
      await withLog(reopened, 'copy', async (log) => {
        assert.deepEqual(await readLabels(log), ['three', 'four'])
        assert.deepEqual(await appendAll(log, ['five']), [5])
      })
    },
  },
  {
    id: 'ST23',
    title: 'an import never replaces a document, and takes only a whole one',
    async check({ store }) {
      await write(store, 'a')
      const exported = await store.exportDocument('a')
      assert.ok(exported !== undefined)
      await assert.rejects(store.importDocument(exported), { code: 'DOCUMENT_EXISTS' })
      await withLog(store, 'b', async () => {
        const held = store.importDocument({ ...exported, name: 'b' })
        await assert.rejects(held, { code: 'DOCUMENT_IN_USE' })
      })
      const [record] = exported.records
      assert.ok(record !== undefined)
      const unfit: Partial<ExportedDocument>[] = [
        { records: [] },
        { records: [{ ...record, sequence: 2 }] },
        { records: [{ ...record, time: -1 }] },
        { epoch: new Uint8Array(3) },
        { snapshot: snapshotOf(1, 'overlap') },
        { snapshot: snapshotOf(0, 'of nothing') },
        { snapshot: snapshotOf(2 ** 47, 'near the end of all numbers'), records: [] },
      ]
      for (const change of unfit) {
        const refused = store.importDocument({ ...exported, ...change, name: 'c' })
        await assert.rejects(refused, { code: 'DOCUMENT_DAMAGED', rule: 'import' })
      }
      assert.deepEqual(await listNames(store, {}), ['a'])
    },
  },
  {
    id: 'ST24',
    title: 'a store verifies documents, and reads them whole while they are written',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        await appendAll(log, ['one', 'two', 'three'])
        await log.writeSnapshot(snapshotOf(1, 'snapshot'))
        const report = await store.verify('a')
        assert.deepEqual(report, { name: 'a', records: 2, bytes: 16, problems: [] })
        const exported = await store.exportDocument('a', { salvage: true })
        assert.equal(exported?.records.length, 2)
      })
      assert.equal((await store.verify('no such document')).problems.length, 1)
    },
  },
]

async function write(store: DocumentStore, name: string): Promise<void> {
  await withLog(store, name, (log) => appendAll(log, ['x']))
}

async function listNames(
  store: DocumentStore,
  options: Parameters<DocumentStore['list']>[0],
): Promise<string[]> {
  return (await store.list(options)).map(({ name }) => name)
}

/** Bytes are compared as bytes: a store may give them back in another kind of array. */
function assertSameDocument(actual: ExportedDocument | undefined, expected: ExportedDocument) {
  assert.ok(actual !== undefined)
  assert.deepEqual(plain(actual), plain(expected))
}

function plain({ snapshot, records, epoch, ...rest }: ExportedDocument) {
  return {
    ...rest,
    epoch: hex(epoch),
    snapshot: snapshot && {
      ...snapshot,
      update: hex(snapshot.update),
      stateVector: hex(snapshot.stateVector),
      deleteSet: hex(snapshot.deleteSet),
    },
    records: records.map((record) => ({ ...record, update: hex(record.update) })),
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
