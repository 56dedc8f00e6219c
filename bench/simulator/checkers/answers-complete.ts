import * as Y from 'yjs'
import type { Checker, StoredDocument } from '../checker.js'
import { ContentsSet, contentsOf } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'
import { storedContents } from './acknowledged-kept.js'

/** What was durable at the first and the last of the questions that are not answered. */
interface Owed {
  readonly first: ContentsSet
  readonly last?: ContentsSet
}

/**
 * Synced means complete: when a client has its sync step 2, it has everything that was durable when
 * it asked.
 */
export class AnswersComplete implements Checker {
  readonly invariant = 'answers-complete'
  readonly #durable = new DocumentSets()
  readonly #owed = new WeakMap<object, Owed>()

  appended(name: string, _sequence: number, update: Uint8Array): undefined {
    this.#durable.of(name).add(contentsOf(update))
  }

  asked(connection: object, documentName: string): undefined {
    const owed = new ContentsSet()
    const durable = this.#durable.of(documentName)
    for (const clientID of durable.clientIDs) {
      owed.add({ structs: [{ clientID, clock: 0, length: durable.endOf(clientID) }], deletes: [] })
    }
    const open = this.#owed.get(connection)
    this.#owed.set(connection, open === undefined ? { first: owed } : { ...open, last: owed })
  }

  answered(connection: object, doc: Y.Doc): string | undefined {
    const open = this.#owed.get(connection)
    if (open === undefined) return undefined
    // One answer may be for several questions, so the last of them stands open.
    if (open.last === undefined) this.#owed.delete(connection)
    else this.#owed.set(connection, { first: open.last })
    const owed = open.first
    for (const clientID of owed.clientIDs) {
      const end = Y.getState(doc.store, clientID)
      if (end >= owed.endOf(clientID)) continue
      return `synced with client ${clientID} at ${end}, ${owed.endOf(clientID)} were durable when it asked`
    }
    return undefined
  }

  recovered({ name, exported }: StoredDocument, mayLose: boolean): undefined {
    if (mayLose) this.#durable.replace(name, storedContents(exported))
  }
}
