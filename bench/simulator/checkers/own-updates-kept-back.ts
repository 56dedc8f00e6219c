import type { Checker, SentTurn } from '../checker.js'

/** A connection is not sent its own updates back, but in answers to sync step 1. */
export class OwnUpdatesKeptBack implements Checker {
  readonly invariant = 'own-updates-kept-back'
  /** Who brought records of these bytes; after a loss several clients may bring the same. */
  readonly #authors = new Map<string, Set<string>>()

  appended(_name: string, _sequence: number, update: Uint8Array, connectionId: string): undefined {
    const text = textOf(update)
    const authors = this.#authors.get(text) ?? new Set()
    authors.add(connectionId)
    this.#authors.set(text, authors)
  }

  sent({ connectionId, isAnswer, updates }: SentTurn): string | undefined {
    if (isAnswer) return undefined
    const isOwn = updates.some((update) => {
      const authors = this.#authors.get(textOf(update))
      return authors?.size === 1 && authors.has(connectionId)
    })
    return isOwn
      ? `an update went back to the connection ${connectionId}, which it came from`
      : undefined
  }
}

function textOf(update: Uint8Array): string {
  return Buffer.from(update.buffer, update.byteOffset, update.byteLength).toString('latin1')
}
