import type { WebGlobals } from '../../client/web-globals.js'

/** What happens to the page that a client lives in. */
export type PageEvent = 'online' | 'offline' | 'pageshow' | 'visibilitychange'

/** A page whose events a simulation makes. */
export class SimulatedPage implements WebGlobals {
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly addEventListener = (type: string, listener: () => void): void => {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
  }
  readonly removeEventListener = (type: string, listener: () => void): void => {
    this.#listeners.get(type)?.delete(listener)
  }
  /** Seen, whenever that changes. */
  readonly document = {
    visibilityState: 'visible',
    addEventListener: this.addEventListener,
    removeEventListener: this.removeEventListener,
  }

  happen(event: PageEvent): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener()
  }
}
