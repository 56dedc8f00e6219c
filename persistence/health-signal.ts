import type { StoreHealth } from './document-store.js'

/** The health of a store and who wants to know of its changes. */
export class HealthSignal {
  #current: StoreHealth = { state: 'closed' }
  readonly #listeners = new Set<(health: StoreHealth) => void>()

  get current(): StoreHealth {
    return this.#current
  }

  set(health: StoreHealth): void {
    this.#current = health
    for (const listener of [...this.#listeners]) listener(health)
  }

  subscribe(listener: (health: StoreHealth) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
