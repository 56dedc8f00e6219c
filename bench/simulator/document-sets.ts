import { ContentsSet } from './contents-set.js'

/** A set of contents for each document, empty at first. */
export class DocumentSets {
  readonly #sets = new Map<string, ContentsSet>()

  of(name: string): ContentsSet {
    const known = this.#sets.get(name)
    if (known !== undefined) return known
    const created = new ContentsSet()
    this.#sets.set(name, created)
    return created
  }

  replace(name: string, contents: ContentsSet): void {
    this.#sets.set(name, contents)
  }
}
