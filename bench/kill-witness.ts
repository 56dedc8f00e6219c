import type * as Y from 'yjs'
import {
  type ClockRange,
  holdsDelete,
  holdsStructs,
  readUpdateContents,
  type UpdateContents,
} from './update-contents.js'

/**
 * Remembers all that one document's clients were shown or had acknowledged, and says what of it a
 * recovered document lacks. It never forgets: what was seen once has to be there for ever.
 */
export class KillWitness {
  /** Client to the end of the clocks that were seen; a document that has the last has all before. */
  readonly #structs = new Map<number, number>()
  /** Client to first clock to length. */
  readonly #deletes = new Map<number, Map<number, number>>()

  /** Everything that was seen, in clocks; for reports. */
  get clocks(): number {
    let sum = 0
    for (const end of this.#structs.values()) sum += end
    return sum
  }

  seeUpdate(update: Uint8Array): void {
    this.see(readUpdateContents(update))
  }

  see({ structs, deletes }: UpdateContents): void {
    for (const { clientID, clock, length } of structs) {
      this.#structs.set(clientID, Math.max(this.#structs.get(clientID) ?? 0, clock + length))
    }
    for (const { clientID, clock, length } of deletes) {
      const ranges = this.#deletes.get(clientID) ?? new Map<number, number>()
      ranges.set(clock, Math.max(ranges.get(clock) ?? 0, length))
      this.#deletes.set(clientID, ranges)
    }
  }

  /** One sentence for each thing that was seen and is not in `doc`; empty where nothing is lost. */
  lossesIn(doc: Y.Doc): readonly string[] {
    const losses: string[] = []
    for (const [clientID, end] of this.#structs) {
      const range = { clientID, clock: 0, length: end }
      if (!holdsStructs(doc, range)) losses.push(`inserts ${describe(range)}`)
    }
    for (const [clientID, ranges] of this.#deletes) {
      for (const [clock, length] of ranges) {
        const range = { clientID, clock, length }
        if (!holdsDelete(doc, range)) losses.push(`deletes ${describe(range)}`)
      }
    }
    if (doc.store.pendingStructs !== null)
      losses.push('the document has structs without their past')
    if (doc.store.pendingDs !== null) losses.push('the document has deletes of unknown structs')
    return losses
  }
}

function describe({ clientID, clock, length }: ClockRange): string {
  return `of client ${clientID}, clocks ${clock} to ${clock + length - 1}`
}
