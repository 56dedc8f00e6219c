import type { Author } from './author.js'
import type { Receipt } from './receipts.js'

/** The rest of an update, waiting for its past. */
export interface HeldUpdate {
  readonly author: Author
  readonly receipt: Receipt | undefined
  readonly update: Uint8Array
  /** Some of the update becomes admissible when one of these clocks is known. */
  readonly missing: readonly MissingClock[]
  readonly heldAt: number
}

export interface MissingClock {
  readonly client: number
  readonly clock: number
}

/**
 * Updates whose past the document does not know. They are not stored, not shown and not
 * acknowledged, and bounded in bytes and time by whoever adds them.
 */
export class HeldUpdates {
  #held: HeldUpdate[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#held.length
  }

  add(update: HeldUpdate): void {
    this.#held.push(update)
    this.#bytes += update.update.byteLength
  }

  /** Whether the same author already has the same bytes waiting. */
  holds(author: Author, update: Uint8Array): boolean {
    return this.#held.some(
      (held) => held.author === author && Buffer.compare(held.update, update) === 0,
    )
  }

  /** Takes out what can go on: one of the clocks that it misses is known now. */
  takeReady(known: (client: number) => number): readonly HeldUpdate[] {
    return this.#take((held) => held.missing.some(({ client, clock }) => known(client) > clock))
  }

  /** Takes out what was held before `time`. */
  takeHeldBefore(time: number): readonly HeldUpdate[] {
    return this.#take((held) => held.heldAt < time)
  }

  /** Takes out what `author` left. */
  takeFrom(author: Author): readonly HeldUpdate[] {
    return this.#take((held) => held.author === author)
  }

  #take(isTaken: (held: HeldUpdate) => boolean): readonly HeldUpdate[] {
    if (this.#held.length === 0) return this.#held
    const taken = this.#held.filter(isTaken)
    if (taken.length === 0) return taken
    this.#held = this.#held.filter((held) => !taken.includes(held))
    for (const { update } of taken) this.#bytes -= update.byteLength
    return taken
  }
}
