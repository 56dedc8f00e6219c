import * as Y from 'yjs'
import { unitOffset } from './text-position.js'
import { TraceError } from './trace-error.js'
import type { TracePatch } from './trace-format.js'
import type { PlannedTransaction, TracePlan } from './trace-plan.js'
import {
  holdsDelete,
  holdsStructs,
  readUpdateContents,
  type UpdateContents,
} from './update-contents.js'

/** The root text that every trace is replayed into. */
export const traceTextName = 'text'

/** What one transaction became. */
export interface WrittenTransaction extends UpdateContents {
  readonly index: number
  /** A Yjs v1 update; empty where the transaction changed nothing. */
  readonly update: Uint8Array
}

/**
 * One author's replica, kept in exactly the state in which the author's next transaction was made:
 * nothing is admitted that the transaction did not see.
 */
export class TraceDesk {
  readonly #doc = new Y.Doc()
  readonly #text: Y.Text
  readonly #hasWideCharacters: boolean

  constructor(plan: TracePlan, clientID: number) {
    this.#doc.clientID = clientID
    this.#text = this.#doc.getText(traceTextName)
    this.#hasWideCharacters = plan.hasWideCharacters
  }

  get text(): string {
    return this.#text.toString()
  }

  admit(transaction: WrittenTransaction): void {
    if (transaction.update.byteLength > 0) Y.applyUpdate(this.#doc, transaction.update)
  }

  /** @throws TraceError where a patch lies outside the document */
  write(transaction: PlannedTransaction): WrittenTransaction {
    const { index } = transaction
    const updates: Uint8Array[] = []
    const keep = (update: Uint8Array): void => {
      updates.push(update)
    }
    this.#doc.on('update', keep)
    this.#doc.transact(() => {
      for (const patch of transaction.patches) this.#apply(patch, index)
    })
    this.#doc.off('update', keep)
    const [update] = updates
    if (update === undefined) return { index, update: new Uint8Array(0), structs: [], deletes: [] }
    return { index, update, ...readUpdateContents(update) }
  }

  destroy(): void {
    this.#doc.destroy()
  }

  #apply({ position, deleted, inserted }: TracePatch, index: number): void {
    const [start, end] = this.#units(position, position + deleted)
    if (start === undefined || end === undefined || end > this.#text.length) {
      throw new TraceError(
        `transaction ${index}: a patch takes ${deleted} code points at ${position}, beyond the ` +
          `end of a document of ${this.#text.length} UTF-16 units`,
      )
    }
    if (end > start) this.#text.delete(start, end - start)
    if (inserted !== '') this.#text.insert(start, inserted)
  }

  /** Reading the whole text for each patch is slow, so only traces that need it pay for it. */
  #units(start: number, end: number): readonly [number | undefined, number | undefined] {
    if (!this.#hasWideCharacters) return [start, end]
    const text = this.#text.toString()
    const from = unitOffset(text, start)
    return [from, from === undefined ? undefined : unitOffset(text, end, from, start)]
  }
}

/** Whether `doc` holds everything of `transaction`. */
export function holdsTransaction(doc: Y.Doc, { structs, deletes }: UpdateContents): boolean {
  return (
    structs.every((range) => holdsStructs(doc, range)) &&
    deletes.every((range) => holdsDelete(doc, range))
  )
}
