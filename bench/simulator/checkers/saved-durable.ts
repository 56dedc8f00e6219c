import type { ClientState, SavedClaim, StoredDocument } from '../checker.js'
import { ContentsSet } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'
import { DurableChecker } from '../durable-checker.js'
import { storedContents } from './acknowledged-kept.js'

/**
 * Whenever a client says that all is saved, everything that was done in its document is in the durable
 * log, structs and deletes, and stays there; and once everything is healed it says so in the end.
 */
export class SavedDurable extends DurableChecker {
  readonly invariant = 'saved-durable'
  readonly #claimed = new DocumentSets()

  saved({ name, documentName, contents }: SavedClaim): string | undefined {
    const lacking = this.durable.of(documentName).lacksOf(contents)
    this.#claimed.of(documentName).addAll(contents)
    return lacking && `${name} says saved, and in document ${documentName} is not: ${lacking}`
  }

  recovered({ name, exported }: StoredDocument, mayLose: boolean): string | undefined {
    const stored = storedContents(exported)
    this.durable.replace(name, stored)
    if (mayLose) {
      this.#claimed.replace(name, new ContentsSet())
      return undefined
    }
    const lost = stored.lacksOf(this.#claimed.of(name))
    return lost && `document ${name}: somebody said saved, and not on the disk is: ${lost}`
  }

  rested(clients: readonly ClientState[]): string | undefined {
    for (const { name, isSynced, saving } of clients) {
      if (saving === undefined || !isSynced) continue
      const { isSaved, mayWrite, unsavedChanges, waiting } = saving
      if (mayWrite && !isSaved) return `${name} does not say that all is saved`
      if (unsavedChanges > 0) return `${unsavedChanges} changes of ${name} are not saved`
      if (waiting > 0) return `${waiting} who wait for ${name} to be saved were not told`
    }
    return undefined
  }
}
