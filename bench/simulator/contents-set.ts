import { DeleteRanges } from '../../protocol/delete-ranges.js'
import { readUpdateContents, type UpdateContents } from '../update-contents.js'

/** What somebody knows of a document: the clocks of each client, and which of them are deleted. */
export class ContentsSet {
  /** Client to the end of its clocks; whoever has the last clock has all before it. */
  readonly #ends = new Map<number, number>()
  readonly #deletes = new DeleteRanges()

  /** Yjs clientIDs that wrote any of it. */
  get clientIDs(): IterableIterator<number> {
    return this.#ends.keys()
  }

  endOf(clientID: number): number {
    return this.#ends.get(clientID) ?? 0
  }

  add({ structs, deletes }: UpdateContents): void {
    for (const { clientID, clock, length } of structs) {
      this.#ends.set(clientID, Math.max(this.endOf(clientID), clock + length))
    }
    for (const { clientID, clock, length } of deletes) {
      this.#deletes.add(clientID, clock, clock + length)
    }
  }

  /** The clocks of each client through their ends, all of them. */
  addClocks(ends: ReadonlyMap<number, number>): void {
    for (const [clientID, end] of ends) {
      this.#ends.set(clientID, Math.max(this.endOf(clientID), end))
    }
  }

  addAll(other: ContentsSet): void {
    this.addClocks(other.#ends)
    other.#deletes.forEach((clientID, from, to) => {
      this.#deletes.add(clientID, from, to)
    })
  }

  /** What is added to the one afterwards is not in the other. */
  copy(): ContentsSet {
    const copy = new ContentsSet()
    copy.addAll(this)
    return copy
  }

  /** What of `contents` is not in here, as one sentence, or undefined where all of it is. */
  lacks({ structs, deletes }: UpdateContents): string | undefined {
    for (const { clientID, clock, length } of structs) {
      const end = this.endOf(clientID)
      if (end < clock + length) {
        return `client ${clientID} through clock ${clock + length - 1}, known are ${end}`
      }
    }
    for (const { clientID, clock, length } of deletes) {
      if (!this.#deletes.covers(clientID, clock, clock + length)) {
        return `the delete of client ${clientID}, clocks ${clock} to ${clock + length - 1}`
      }
    }
    return undefined
  }

  /** The same question for everything that `other` knows. */
  lacksOf(other: ContentsSet): string | undefined {
    const structs = Array.from(other.#ends, ([clientID, length]) => ({
      clientID,
      clock: 0,
      length,
    }))
    const deletes: UpdateContents['deletes'][number][] = []
    other.#deletes.forEach((clientID, from, to) => {
      deletes.push({ clientID, clock: from, length: to - from })
    })
    return this.lacks({ structs, deletes })
  }
}

const contentsOfUpdates = new WeakMap<Uint8Array, UpdateContents>()

/** `readUpdateContents`, once for each array of bytes: the same message goes to many clients. */
export function contentsOf(update: Uint8Array): UpdateContents {
  const known = contentsOfUpdates.get(update)
  if (known !== undefined) return known
  const contents = readUpdateContents(update)
  contentsOfUpdates.set(update, contents)
  return contents
}
