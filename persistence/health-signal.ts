import type { StoreHealth } from './document-store.js'

/** The health of a store and who wants to know of its changes. */
export class HealthSignal {
  #current: StoreHealth = { state: 'closed' }
  readonly #listeners = new Set<(health: StoreHealth) => void>()

  get current(): StoreHealth {
    return this.#current
  }

  /** Tells every listener; one that throws hinders neither the others nor the store. */
  set(health: StoreHealth): void {
    this.#current = health
    for (const listener of [...this.#listeners]) {
      try {
        listener(health)
      } catch (error) {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
        process.emitWarning('a listener to the health of a store threw', {
          type: 'CairnWarning',
          detail,
        })
      }
    }
  }

  subscribe(listener: (health: StoreHealth) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
