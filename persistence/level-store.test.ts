import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import type { DocumentStore } from './document-store.js'
import { levelStore } from './level-store.js'
import { registerStoreContract } from './store-contract.js'

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
