import type { Checker } from './checker.js'
import { contentsOf } from './contents-set.js'
import { DocumentSets } from './document-sets.js'

/** A checker that knows what is durable, as the store has said. */
export abstract class DurableChecker implements Checker {
  abstract readonly invariant: string
  protected readonly durable = new DocumentSets()

  appended(name: string, _sequence: number, update: Uint8Array): undefined {
    this.durable.of(name).add(contentsOf(update))
  }

  opened(name: string, records: readonly { readonly update: Uint8Array }[]): undefined {
    for (const { update } of records) this.durable.of(name).add(contentsOf(update))
  }

  compacted(name: string, update: Uint8Array): undefined {
    this.durable.of(name).add(contentsOf(update))
  }
}
