import type { ProviderHost } from './provider-host.js'
import type { SavedWaiters } from './saved-waiters.js'
import type { UnsavedChanges } from './unsaved-changes.js'

/**
 * Tells what is saved. Listeners may edit, and what they are told last is what is so: one news after
 * the other to all of them, however deep in a listener the next came about.
 */
export class SavedNews {
  readonly #unsaved: Pick<UnsavedChanges, 'count' | 'isSaved'>
  readonly #waiters: SavedWaiters
  readonly #emit: ProviderHost['emit']
  #toldCount = 0
  #toldSaved = false
  #isTelling = false

  constructor(unsaved: UnsavedChanges, waiters: SavedWaiters, emit: ProviderHost['emit']) {
    this.#unsaved = unsaved
    this.#waiters = waiters
    this.#emit = emit
  }

  tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    try {
      while (this.#tellNext());
    } finally {
      this.#isTelling = false
    }
  }

  #tellNext(): boolean {
    const { count, isSaved } = this.#unsaved
    if (count !== this.#toldCount) {
      this.#toldCount = count
      this.#emit('unsaved-changes', [count])
      return true
    }
    if (isSaved === this.#toldSaved) return false
    this.#toldSaved = isSaved
    if (isSaved) this.#waiters.saved()
    this.#emit('saved', [isSaved])
    return true
  }
}
