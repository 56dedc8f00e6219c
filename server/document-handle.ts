import type { Document } from './document.js'
import type { Guard } from './guard.js'
import type { PresenceEvent } from './presence-event.js'
import type { PresentClient } from './presence-snapshot.js'

/** One document as the embedding program sees it, whether it is in memory or not. */
export interface DocumentHandle {
  readonly name: string
  /** Who is here, or was a moment ago and may come back. Empty while nobody is connected. */
  readonly presence: readonly PresentClient[]
  /**
   * Calls `listener` for each client that joined, changed its state, went away, came back or left;
   * at most once per flush of the document. What it throws is logged and stops nothing.
   * @returns the function that ends it; until then the server keeps the listener
   */
  onPresence(listener: PresenceListener): () => void
}

export type PresenceListener = (event: PresenceEvent) => unknown

/** Who listens to which document. Listeners outlive the documents' time in memory. */
export class DocumentHandles {
  readonly #guard: Guard
  readonly #find: (name: string) => Document | undefined
  readonly #listeners = new Map<string, Set<PresenceListener>>()

  constructor(guard: Guard, find: (name: string) => Document | undefined) {
    this.#guard = guard
    this.#find = find
  }

  handle(name: string): DocumentHandle {
    const find = this.#find
    return {
      name,
      get presence() {
        return find(name)?.presence.snapshot() ?? []
      },
      onPresence: (listener) => this.#listen(name, listener),
    }
  }

  tell(name: string, events: readonly PresenceEvent[]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const event of events) {
      for (const listener of listeners) {
        this.#guard.notify('a presence listener', () => listener(event))
      }
    }
  }

  #listen(name: string, listener: PresenceListener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // The same function may listen twice; each ending ends one of them.
    const own: PresenceListener = (event) => listener(event)
    listeners.add(own)
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) {
        this.#listeners.delete(name)
      }
    }
  }
}
