import type { Checker, StoredDocument } from '../checker.js'
import { storedContents } from './acknowledged-kept.js'

/** Nothing that a reader sent is in the log. */
export class ReadersWriteNothing implements Checker {
  readonly invariant = 'readers-write-nothing'
  readonly #readers = new Set<number>()

  reads(clientID: number): undefined {
    this.#readers.add(clientID)
  }

  recovered({ name, exported }: StoredDocument): string | undefined {
    for (const clientID of storedContents(exported).clientIDs) {
      if (!this.#readers.has(clientID)) continue
      return `document ${name} has structs of ${clientID}, who may only read`
    }
    return undefined
  }
}
