import type { SentTurn, StoredDocument } from '../checker.js'
import { contentsOf } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'
import { DurableChecker } from '../durable-checker.js'
import { storedContents } from './acknowledged-kept.js'

/**
 * Nobody sees an edit that can be lost: what the server sends is durable when it is sent, as the
 * store has said, and is on the disk after the server went down.
 */
export class ShownDurable extends DurableChecker {
  readonly invariant = 'shown-durable'
  readonly #shown = new DocumentSets()

  sent({ documentName, updates }: SentTurn): string | undefined {
    for (const update of updates) {
      const contents = contentsOf(update)
      const early = this.durable.of(documentName).lacks(contents)
      if (early !== undefined) return `document ${documentName}: shown and not durable: ${early}`
      this.#shown.of(documentName).add(contents)
    }
    return undefined
  }

  recovered({ name, exported }: StoredDocument, mayLose: boolean): string | undefined {
    const stored = storedContents(exported)
    // What was on its way to the disk may be there, though nobody was told.
    this.durable.replace(name, storedContents(exported))
    if (mayLose) {
      this.#shown.replace(name, stored)
      return undefined
    }
    const lost = stored.lacksOf(this.#shown.of(name))
    return lost && `document ${name}: shown and not on the disk: ${lost}`
  }
}
