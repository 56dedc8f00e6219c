import { CairnError } from '../protocol/errors.js'

/** Who has a document's name, for a log or for one act upon it; one at a time. */
export class NameLocks {
  readonly #taken = new Set<string>()

  /**
   * @returns the function that gives the name free
   * @throws DOCUMENT_IN_USE
   */
  take(name: string): () => void {
    if (this.#taken.has(name)) {
      throw new CairnError(
        'DOCUMENT_IN_USE',
        `document "${name}" is open or being changed in this process: close its log first`,
      )
    }
    this.#taken.add(name)
    return () => {
      this.#taken.delete(name)
    }
  }
}
