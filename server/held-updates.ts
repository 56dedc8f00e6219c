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

/** An update that waits for more clients than this is looked up by none of them. */
const maxClients = 1_024
/** Bytes that are handed out at once between two renewals; each of them is scanned and split again. */
const renewedBytes = 4_194_304

/**
 * Updates whose past the document does not know. They are not stored, not shown and not
 * acknowledged, and bounded in bytes and time by whoever adds them.
 *
 * Nobody pays for what others left here: a client's progress is looked up by the client, and the
 * parts of one past that arrive one by one do not each have the whole rest looked through again.
 * What waits for very many clients, or was handed out too often, waits for the next `renew`.
 */
export class HeldUpdates {
  readonly #held = new Set<HeldUpdate>()
  readonly #waiting = new Map<number, Map<HeldUpdate, number>>()
  /** Those that may go on, in the order in which that was seen. */
  readonly #ready = new Set<HeldUpdate>()
  #hasProgress = false
  #bytesLeft = renewedBytes
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#held.size
  }

  add(update: HeldUpdate): void {
    this.#bytes += update.update.byteLength
    if (isWide(update)) {
      this.#held.add({ ...update, missing: update.missing.slice(0, maxClients + 1) })
      return
    }
    this.#held.add(update)
    for (const { client, clock } of update.missing) {
      const waiting = this.#waiting.get(client)
      if (waiting === undefined) this.#waiting.set(client, new Map([[update, clock]]))
      else waiting.set(update, clock)
    }
  }

  /** Whether the same author already has the same bytes waiting. */
  holds(author: Author, update: Uint8Array): boolean {
    for (const held of this.#held) {
      if (held.author === author && Buffer.compare(held.update, update) === 0) return true
    }
    return false
  }

  /** More of these sections' clients is known now: client, first clock, end clock; for each. */
  advance(sections: readonly number[]): void {
    if (this.#held.size === 0 || sections.length === 0) return
    this.#hasProgress = true
    for (let i = 0; i + 2 < sections.length; i += 3) {
      const end = sections[i + 2] ?? 0
      const waiting = this.#waiting.get(sections[i] ?? 0)
      if (waiting === undefined) continue
      for (const [held, clock] of waiting) if (end > clock) this.#ready.add(held)
    }
  }

  /** Time has passed, a second or so: as many bytes may be handed out again. */
  renew(): void {
    this.#bytesLeft = renewedBytes
    if (!this.#hasProgress) return
    this.#hasProgress = false
    for (const held of this.#held) if (isWide(held)) this.#ready.add(held)
  }

  /** Takes out what can go on: one of the clocks that it misses is known now. */
  takeReady(): readonly HeldUpdate[] {
    const taken: HeldUpdate[] = []
    for (const held of this.#ready) {
      if (this.#bytesLeft <= 0) break
      this.#bytesLeft -= held.update.byteLength
      taken.push(held)
    }
    return this.#takeOut(taken)
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
    return this.#takeOut([...this.#held].filter(isTaken))
  }

  #takeOut(taken: readonly HeldUpdate[]): readonly HeldUpdate[] {
    for (const held of taken) {
      this.#held.delete(held)
      this.#ready.delete(held)
      this.#bytes -= held.update.byteLength
      if (isWide(held)) continue
      for (const { client } of held.missing) this.#stopWaiting(client, held)
    }
    return taken
  }

  #stopWaiting(client: number, held: HeldUpdate): void {
    const waiting = this.#waiting.get(client)
    waiting?.delete(held)
    if (waiting?.size === 0) this.#waiting.delete(client)
  }
}

function isWide({ missing }: HeldUpdate): boolean {
  return missing.length > maxClients
}
