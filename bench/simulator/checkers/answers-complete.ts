import * as Y from 'yjs'
import type { Checker, StoredDocument } from '../checker.js'
import { ContentsSet, contentsOf } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'
import { storedContents } from './acknowledged-kept.js'

/**
 * Synced means complete: when a client has its sync step 2, it has everything that was durable when
 * it asked. One answer may be for several questions, but never for a later one only, so the first
 * answer is held against the first question, and so on.
 */
export class AnswersComplete implements Checker {
  readonly invariant = 'answers-complete'
  readonly #durable = new DocumentSets()
  /** What was durable at each question that no answer was counted for, in order. */
  readonly #owed = new WeakMap<object, ContentsSet[]>()

  appended(name: string, _sequence: number, update: Uint8Array): undefined {
    this.#durable.of(name).add(contentsOf(update))
  }

  asked(connection: object, documentName: string): undefined {
    const owed = new ContentsSet()
    const durable = this.#durable.of(documentName)
    for (const clientID of durable.clientIDs) {
      owed.add({ structs: [{ clientID, clock: 0, length: durable.endOf(clientID) }], deletes: [] })
    }
    const questions = this.#owed.get(connection)
    if (questions === undefined) this.#owed.set(connection, [owed])
    else questions.push(owed)
  }

  answered(connection: object, doc: Y.Doc): string | undefined {
    const owed = this.#owed.get(connection)?.shift()
    if (owed === undefined) return undefined
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
