import type { Checker, SentTurn } from '../checker.js'

/** A connection is not sent its own updates back, but in answers to sync step 1. */
export class OwnUpdatesKeptBack implements Checker {
  readonly invariant = 'own-updates-kept-back'
  /** Records by the connection that brought them. */
  readonly #records = new Map<string, Set<string>>()

  appended(_name: string, _sequence: number, update: Uint8Array, connectionId: string): undefined {
    const records = this.#records.get(connectionId) ?? new Set()
    records.add(textOf(update))
    this.#records.set(connectionId, records)
  }

  sent({ connectionId, isAnswer, updates }: SentTurn): string | undefined {
    const own = this.#records.get(connectionId)
    if (isAnswer || own === undefined) return undefined
    const index = updates.findIndex((update) => own.has(textOf(update)))
    if (index === -1) return undefined
    return `an update went back to the connection ${connectionId}, which it came from`
  }
}

function textOf(update: Uint8Array): string {
  return Buffer.from(update.buffer, update.byteOffset, update.byteLength).toString('latin1')
}
