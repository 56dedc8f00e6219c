import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { appendAll, snapshotOf } from './contract-rule.js'
import type { DocumentStore } from './document-store.js'
import { levelStore } from './level-store.js'
import { registerStoreContract } from './store-contract.js'

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
