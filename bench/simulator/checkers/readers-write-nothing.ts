import type { Checker, StoredDocument } from '../checker.js'
import { contentsOf } from '../contents-set.js'
import { storedContents } from './acknowledged-kept.js'

/** Nothing that a reader sent is in the log. */
export class ReadersWriteNothing implements Checker {
  readonly invariant = 'readers-write-nothing'
  readonly #readers = new Set<number>()

  reads(clientID: number): undefined {
    this.#readers.add(clientID)
  }

  appended(name: string, _sequence: number, update: Uint8Array): string | undefined {
    return this.#findReader(
      name,
      contentsOf(update).structs.map(({ clientID }) => clientID),
    )
  }

  recovered({ name, exported }: StoredDocument): string | undefined {
    return this.#findReader(name, storedContents(exported).clientIDs)
  }

  #findReader(name: string, clientIDs: Iterable<number>): string | undefined {
    for (const clientID of clientIDs) {
      if (!this.#readers.has(clientID)) continue
      return `document ${name} has structs of ${clientID}, who may only read`
    }
    return undefined
  }
}
