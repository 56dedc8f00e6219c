import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { appendAll, snapshotOf } from './contract-rule.js'
import type { DocumentStore } from './document-store.js'
import { openClassicLevel } from './level-port.js'
import { levelStore } from './level-store.js'
import { registerStoreContract } from './store-contract.js'

test.each(['fsync', 'os'] as const)(
  'durability %s forces to the disk what it says',
  async (durability) => {
    const directory = await mkdtemp(join(tmpdir(), 'cairn-sync-'))
    const syncs: boolean[] = []
    const store = levelStore(directory, {
      durability,
      async openLevel(path, options) {
        const level = await openClassicLevel(path, options)
        return {
          ...level,
          write(operations, writeOptions) {
            syncs.push(writeOptions.sync)
            return level.write(operations, writeOptions)
          },
        }
      },
    })
    await store.open()
    expect(store.durability).toBe(durability)
    const log = await store.openLog('a')
    await appendAll(log, ['one'])
    await appendAll(log, ['two'])
    await log.close()
    await store.close()
    // The first write of a session, that of a document, an append, the guard; for os, the last write.
    const isSync = durability === 'fsync'
    expect(syncs).toEqual([true, true, isSync, isSync, ...(isSync ? [] : [true])])
    await rm(directory, { recursive: true })
  },
)

test('a large snapshot lets appends of others through while it is written', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-snapshot-'))
  const store = levelStore(directory)
  await store.open()
  const [a, b] = [await store.openLog('a'), await store.openLog('b')]
  await appendAll(a, ['one'])
  let isWritten = false
  const written = a.writeSnapshot(snapshotOf(1, 'large', 20_000_000)).then(() => {
    isWritten = true
  })
  let appended = 0
  while (!isWritten) {
    await appendAll(b, ['x'])
    appended++
  }
  await written
  // Each of the twenty chunks is a batch of its own, and an append goes with every one.
  expect(appended).toBeGreaterThanOrEqual(20)
  await store.close()
  await rm(directory, { recursive: true })
})

for (const durability of ['fsync', 'os'] as const) {
  describe(`levelStore with durability ${durability}`, () => {
    registerStoreContract({
      test,
      async createStore() {
        const directory = await mkdtemp(join(tmpdir(), 'cairn-contract-'))
        const stores: DocumentStore[] = []
        const create = () => {
          const store = levelStore(directory, { durability })
          stores.push(store)
          return store
        }
        return {
          store: create(),
          reopened: create,
          async dispose() {
            await Promise.all(stores.map((store) => store.close()))
            await rm(directory, { recursive: true })
          },
        }
      },
    })
  })
}
