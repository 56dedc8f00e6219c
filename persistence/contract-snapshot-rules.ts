import assert from 'node:assert/strict'
import {
  appendAll,
  type ContractRule,
  readLabels,
  snapshotOf,
  updateOf,
  withLog,
} from './contract-rule.js'
import type { DocumentLog } from './document-store.js'

const labels = ['one', 'two', 'three', 'four', 'five']

/** What a store does with snapshots. */
export const snapshotRules: readonly ContractRule[] = [
  {
    id: 'ST13',
    title: 'a snapshot takes the place of the records that it stands for',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        await appendAll(log, labels)
        const snapshot = snapshotOf(3, 'snapshot')
        assert.equal(await log.writeSnapshot(snapshot), true)
        const { update, ...index } = snapshot
        assert.deepEqual(log.snapshot, { ...index, byteLength: update.byteLength })
        assert.equal(Buffer.compare(await log.readSnapshot(), update), 0)
        assert.deepEqual(await readLabels(log), ['four', 'five'])
        assert.equal(log.head, 5)
        assert.deepEqual(await appendAll(log, ['six']), [6])
      })
    },
  },
  {
    id: 'ST14',
    title:
      'a snapshot that does not go beyond the present one, or goes beyond the head, is refused',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        assert.equal(await log.writeSnapshot(snapshotOf(1, 'of nothing')), false)
        await appendAll(log, labels)
        assert.equal(await log.writeSnapshot(snapshotOf(6, 'too far')), false)
        assert.equal(snapshotEnd(log), 0)
        assert.equal(await log.writeSnapshot(snapshotOf(3, 'first')), true)
        assert.equal(await log.writeSnapshot(snapshotOf(3, 'again')), false)
        assert.equal(await log.writeSnapshot(snapshotOf(2, 'back')), false)
        assert.equal(snapshotEnd(log), 3)
        assert.equal(Buffer.compare(await log.readSnapshot(), updateOf('first')), 0)
        assert.deepEqual(await readLabels(log), ['four', 'five'])
      })
    },
  },
  {
    id: 'ST15',
    title: 'a snapshot of several megabytes and its index come back, also after a reopen',
    async check(subject) {
      const snapshot = snapshotOf(4, 'large', 5_000_001)
      await withLog(subject.store, 'a', async (log) => {
        await appendAll(log, labels)
        assert.equal(await log.writeSnapshot(snapshotOf(2, 'small')), true)
        assert.equal(await log.writeSnapshot(snapshot), true)
      })
      await subject.store.close()
      const store = subject.reopened()
      await store.open()
      await withLog(store, 'a', async (log) => {
        const { update, ...index } = snapshot
        assert.deepEqual(log.snapshot, { ...index, byteLength: update.byteLength })
        assert.equal(Buffer.compare(await log.readSnapshot(), update), 0)
        assert.deepEqual(await readLabels(log), ['five'])
        assert.equal(log.head, 5)
      })
    },
  },
  {
    id: 'ST16',
    title: 'a snapshot through the head leaves a log that goes on counting',
    async check(subject) {
      await withLog(subject.store, 'a', async (log) => {
        await appendAll(log, labels)
        assert.equal(await log.writeSnapshot(snapshotOf(5, 'all')), true)
        assert.deepEqual(await readLabels(log), [])
      })
      await subject.store.close()
      const store = subject.reopened()
      await store.open()
      await withLog(store, 'a', async (log) => {
        assert.equal(log.head, 5)
        assert.deepEqual(await appendAll(log, ['six']), [6])
        assert.deepEqual(await readLabels(log), ['six'])
      })
    },
  },
  {
    id: 'ST17',
    title: 'a snapshot is written while appends go on, and two at once leave the further one',
    async check({ store }) {
      await withLog(store, 'a', async (log) => {
        await appendAll(log, labels)
        const [, isFurtherWritten, later] = await Promise.all([
          log.writeSnapshot(snapshotOf(2, 'near', 2_500_000)),
          log.writeSnapshot(snapshotOf(4, 'far', 2_500_000)),
          appendAll(log, ['six', 'seven']),
        ])
        assert.equal(isFurtherWritten, true)
        assert.deepEqual(later, [6, 7])
        assert.equal(log.snapshot?.through, 4)
        assert.equal(Buffer.compare(await log.readSnapshot(), updateOf('far', 2_500_000)), 0)
        assert.deepEqual(await readLabels(log), ['five', 'six', 'seven'])
      })
    },
  },
]

function snapshotEnd(log: DocumentLog): number {
  return log.snapshot?.through ?? 0
}
