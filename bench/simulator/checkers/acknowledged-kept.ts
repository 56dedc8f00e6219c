import type { UpdateContents } from '../../update-contents.js'
import type { Checker, StoredDocument } from '../checker.js'
import { ContentsSet, contentsOf } from '../contents-set.js'
import { DocumentSets } from '../document-sets.js'

/** No acknowledged update is missing after recovery. */
export class AcknowledgedKept implements Checker {
  readonly invariant = 'acknowledged-kept'
  readonly #acknowledged = new DocumentSets()

  acknowledged(name: string, contents: UpdateContents): undefined {
    this.#acknowledged.of(name).add(contents)
  }

  recovered({ name, exported }: StoredDocument, mayLose: boolean): string | undefined {
    const stored = storedContents(exported)
    if (mayLose) {
      this.#acknowledged.replace(name, stored)
      return undefined
    }
    const lost = stored.lacksOf(this.#acknowledged.of(name))
    return lost && `document ${name}: acknowledged and not on the disk: ${lost}`
  }
}

/** Everything that snapshot and records say. */
export function storedContents(exported: StoredDocument['exported']): ContentsSet {
  const stored = new ContentsSet()
  if (exported?.snapshot !== undefined) stored.add(contentsOf(exported.snapshot.update))
  for (const { update } of exported?.records ?? []) stored.add(contentsOf(update))
  return stored
}
