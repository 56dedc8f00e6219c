import type { LogFields, Logger } from '../server/index.js'
import type { Changing } from './wait-for.js'

/** A logger that remembers each connection that the server closed by its own decision. */
export class ClosingLog implements Changing {
  readonly closings: LogFields[] = []
  readonly logger: Logger
  readonly #listeners = new Set<() => void>()

  constructor() {
    const note = (fields: LogFields, message: string): void => {
      if (message !== 'closing a connection') return
      this.closings.push(fields)
      for (const listener of this.#listeners) listener()
    }
    this.logger = { debug: note, info: note, warn: note, error: note }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
