import assert from 'node:assert/strict'
import {
  appendAll,
  type ContractRule,
  readAll,
  readLabels,
  updateOf,
  withLog,
} from './contract-rule.js'
import type { StoreHealth } from './document-store.js'

/** What a store does with its own life and with the records of a log. */
export const logRules: readonly ContractRule[] = [
  {
    id: 'ST1',
    title: 'a store that is not open refuses everything with STORE_CLOSED',
    async check({ store }) {
      await store.close()
      const closed = { code: 'STORE_CLOSED' }
      await assert.rejects(store.openLog('a'), closed)
      await assert.rejects(store.list(), closed)
      await assert.rejects(store.stat('a'), closed)
      await assert.rejects(store.delete('a'), closed)
      await assert.rejects(store.exportDocument('a'), closed)
      await assert.rejects(store.verify('a'), closed)
    },
  },
  {
    id: 'ST2',
    title: 'a store opens and closes as often as it is told, and reports its health',
    async check({ store }) {
      const seen: StoreHealth['state'][] = []
      const stop = store.onHealth(({ state }) => seen.push(state))
      await store.open()
      assert.equal(store.health.state, 'ready')
      await Promise.all([store.close(), store.close()])
      assert.equal(store.health.state, 'closed')
      await store.open()
      stop()
      await store.close()
      assert.deepEqual(seen, ['closed', 'ready'])
    },
  },
  {
    id: 'ST3',
    title: 'a log of a document that was never written is empty and leaves no trace',
    async check({ store }) {
      await withLog(store, 'new', async (log) => {
        assert.equal(log.name, 'new')
        assert.equal(log.head, 0)
        assert.equal(log.epoch, undefined)
        assert.equal(log.snapshot, undefined)
        assert.deepEqual(await readAll(log), [])
        await assert.rejects(log.readSnapshot())
      })
      assert.deepEqual(await store.list(), [])
      assert.equal(await store.stat('new'), undefined)
      assert.equal(await store.exportDocument('new'), undefined)
    },
  },
  {
    id: 'ST4',
    title: 'a log numbers its records 1, 2, 3 and has an epoch from the first on',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        const record = { update: updateOf('x'), principal: '', connection: '' }
        const first = await log.append(record)
        const second = await log.append(record)
        assert.deepEqual([first.sequence, second.sequence, log.head], [1, 2, 2])
        assert.equal(first.epoch.length, 16)
        assert.deepEqual(first.epoch, second.epoch)
        assert.deepEqual(log.epoch, first.epoch)
      })
    },
  },
  {
    id: 'ST5',
    title: 'a log resolves appends in order, those that became durable together in one turn',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        const order: number[] = []
        const heads: number[] = []
        const appended = Array.from({ length: 100 }, async () => {
          const { sequence } = await log.append({
            update: updateOf('x'),
            principal: '',
            connection: '',
          })
          order.push(sequence)
          heads.push(log.head)
        })
        await Promise.all(appended)
        assert.deepEqual(
          order,
          Array.from({ length: 100 }, (_, index) => index + 1),
        )
        // Promise reactions run after the turn, so each sees the head of all that came with it.
        assert.ok(heads.every((head, index) => head >= index + 1))
        assert.equal(heads[0], heads[1])
      })
    },
  },
  {
    id: 'ST6',
    title: 'a log gives every record back as it was, also after the store was closed',
    async check(subject) {
      const updates = [updateOf('one'), new Uint8Array(0), updateOf('big', 3_000_000)]
      const authors = ['alice', '', 'ålice 🦀']
      await withLog(subject.store, 'a', async (log) => {
        const appended = updates.map((update, index) =>
          log.append({ update, principal: authors[index] ?? '', connection: `c${index}` }),
        )
        await Promise.all(appended)
      })
      await subject.store.close()
      const store = subject.reopened()
      await store.open()
      await withLog(store, 'a', async (log) => {
        const records = await readAll(log)
        assert.equal(log.head, 3)
        assert.deepEqual(
          records.map(({ sequence, principal, connection }) => [sequence, principal, connection]),
          authors.map((author, index) => [index + 1, author, `c${index}`]),
        )
        for (const [index, record] of records.entries()) {
          assert.ok(record.update instanceof Uint8Array)
          assert.equal(Buffer.compare(record.update, updates[index] ?? updateOf('')), 0)
          assert.ok(Number.isInteger(record.time) && record.time > 0)
        }
      })
    },
  },
  {
    id: 'ST7',
    title: 'a log keeps its epoch and goes on counting after the store was closed',
    async check(subject) {
      const epoch = await withLog(subject.store, 'a', async (log) => {
        await appendAll(log, ['one', 'two'])
        return log.epoch
      })
      await subject.store.close()
      const store = subject.reopened()
      await store.open()
      await withLog(store, 'a', async (log) => {
        assert.deepEqual(log.epoch, epoch)
        assert.deepEqual(await appendAll(log, ['three']), [3])
        assert.deepEqual(await readLabels(log), ['one', 'two', 'three'])
      })
    },
  },
  {
    id: 'ST8',
    title: 'a store counts the bytes of updates that are not durable yet',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        assert.equal(store.queuedBytes, 0)
        const appended = log.append({ update: updateOf('x', 500), principal: '', connection: '' })
        assert.equal(store.queuedBytes, 500)
        await appended
        assert.equal(store.queuedBytes, 0)
      })
    },
  },
  {
    id: 'ST9',
    title: 'a log has one holder at a time',
    async check({ store }) {
      const log = await store.openLog('a')
      await assert.rejects(store.openLog('a'), { code: 'DOCUMENT_IN_USE' })
      await withLog(store, 'b', () => Promise.resolve())
      await log.close()
      await withLog(store, 'a', () => Promise.resolve())
    },
  },
  {
    id: 'ST10',
    title: 'a log that is closed has what was appended, and takes nothing more',
    async check({ store }) {
      const log = await store.openLog('a')
      const record = { update: updateOf('x'), principal: '', connection: '' }
      const appended = log.append(record)
      await Promise.all([log.close(), log.close()])
      assert.equal((await appended).sequence, 1)
      const refused = { code: 'STORE_UNAVAILABLE' }
      await assert.rejects(log.append(record), refused)
      await assert.rejects(readAll(log), refused)
      await assert.rejects(log.readSnapshot(), refused)
      await withLog(store, 'a', async (again) => assert.equal(again.head, 1))
    },
  },
  {
    id: 'ST11',
    title: 'a store that is closed has what was appended, and its logs take nothing more',
    async check(subject) {
      const log = await subject.store.openLog('a')
      const appended = appendAll(log, ['one', 'two', 'three'])
      await subject.store.close()
      assert.deepEqual(await appended, [1, 2, 3])
      await assert.rejects(appendAll(log, ['four']))
      const store = subject.reopened()
      await store.open()
      await withLog(store, 'a', async (again) => {
        assert.deepEqual(await readLabels(again), ['one', 'two', 'three'])
      })
    },
  },
  {
    id: 'ST12',
    title: 'a log reads its tail as it stood at the call, in pages, while it grows',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        const labels = Array.from({ length: 3000 }, (_, index) => `record ${index}`)
        await appendAll(log, labels)
        const read: string[] = []
        let growth: Promise<unknown> | undefined
        for await (const page of log.readTail()) {
          growth ??= appendAll(log, ['later'])
          for (const { update } of page) read.push(new TextDecoder().decode(update))
        }
        await growth
        assert.deepEqual(read, labels)
        for await (const page of log.readTail()) {
          assert.ok(page.length > 0)
          break
        }
        assert.equal((await readAll(log)).length, 3001)
      })
    },
  },
]
