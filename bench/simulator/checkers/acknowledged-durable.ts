import type { UpdateContents } from '../../update-contents.js'
import type { Checker, StoredDocument } from '../checker.js'
import { contentsOf } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'
import { storedContents } from './acknowledged-kept.js'

/** When an author is told that its update is durable, the store has said so before. */
export class AcknowledgedDurable implements Checker {
  readonly invariant = 'acknowledged-durable'
  readonly #durable = new DocumentSets()

  appended(name: string, _sequence: number, update: Uint8Array): undefined {
    this.#durable.of(name).add(contentsOf(update))
  }

  opened(name: string, records: readonly { readonly update: Uint8Array }[]): undefined {
    for (const { update } of records) this.#durable.of(name).add(contentsOf(update))
  }

  compacted(name: string, update: Uint8Array): undefined {
    this.#durable.of(name).add(contentsOf(update))
  }

  acknowledged(name: string, contents: UpdateContents): string | undefined {
    const early = this.#durable.of(name).lacks(contents)
    return early && `document ${name}: acknowledged and not durable: ${early}`
  }

  recovered({ name, exported }: StoredDocument): undefined {
    // What was on its way to the disk may be there, though nobody was told.
    this.#durable.replace(name, storedContents(exported))
  }
}
