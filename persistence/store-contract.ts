import { catalogueRules } from './contract-catalogue-rules.js'
import { logRules } from './contract-log-rules.js'
import type { ContractRule, StoreUnderTest } from './contract-rule.js'
import { snapshotRules } from './contract-snapshot-rules.js'

export interface StoreContractOptions {
  /** The test function of the runner: vitest's, `node:test`'s or another's. */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /** Makes a store that is not open, on data that nobody else uses. Called once for each rule. */
  readonly createStore: () => Promise<StoreUnderTest>
}

/** Every rule that a `DocumentStore` keeps; `docs/STORAGE.md` lists them. */
export const storeContractRules: readonly ContractRule[] = [
  ...logRules,
  ...snapshotRules,
  ...catalogueRules,
]

/** Registers one test for each rule of the store contract, its id in the title. */
export function registerStoreContract({ test, createStore }: StoreContractOptions): void {
  for (const rule of storeContractRules) {
    test(`[${rule.id}] ${rule.title}`, async () => {
      const subject = await createStore()
      try {
        await subject.store.open()
        await rule.check(subject)
      } finally {
        await subject.dispose()
      }
    })
  }
}
