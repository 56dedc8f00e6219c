import type { AcknowledgedDurability } from '../protocol/message.js'

/** So many bytes of an epoch name the life of a document; the rest changes when records were lost. */
const lifeBytes = 12

/** How the document of a server stands to the one that this Y.Doc belongs to. */
export type Relation =
  /** The same, as far as is known. */
  | 'same'
  /** The same document, of which the server may have lost something that it had acknowledged. */
  | 'same-with-losses'
  /** It was deleted, and perhaps made again. */
  | 'another'

/**
 * Which life of which document a Y.Doc belongs to, and how far it has everything of it
 * (docs/PROTOCOL.md, position and resume).
 */
export class KnownPlace {
  #epoch: Uint8Array = new Uint8Array(0)
  #position: Uint8Array | undefined

  /** Empty while no server has said. */
  get epoch(): Uint8Array {
    return this.#epoch
  }

  /** Where to go on from, or undefined where all must be compared. */
  get resume(): { readonly epoch: Uint8Array; readonly position: Uint8Array } | undefined {
    if (this.#position === undefined || this.#epoch.length === 0) return undefined
    return { epoch: this.#epoch, position: this.#position }
  }

  /** What was kept from an earlier life of the page. */
  recall(epoch: Uint8Array): void {
    this.#epoch = epoch
    this.#position = undefined
  }

  /** Compares with what a server says in hello. */
  compare(epoch: Uint8Array, durability: AcknowledgedDurability): Relation {
    if (this.#epoch.length === 0 || equal(this.#epoch, epoch)) return 'same'
    // Such a server has only what clients give back to it, under a new epoch each time.
    if (durability === 'memory') return 'same-with-losses'
    const isSameLife =
      epoch.length > lifeBytes &&
      equal(this.#epoch.subarray(0, lifeBytes), epoch.subarray(0, lifeBytes))
    return isSameLife ? 'same-with-losses' : 'another'
  }

  /** The server has said which epoch it serves. */
  setEpoch(epoch: Uint8Array): void {
    if (equal(this.#epoch, epoch)) return
    this.#epoch = epoch.slice()
    this.#position = undefined
  }

  /** Everything through `position` has arrived. */
  reach(position: Uint8Array): void {
    this.#position = position.slice()
  }

  /** The Y.Doc belongs to no document any more. */
  forget(): void {
    this.recall(new Uint8Array(0))
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
