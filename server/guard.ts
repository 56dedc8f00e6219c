import { toCairnError } from '../protocol/errors.js'
import type { Logger } from './logger.js'

/**
 * The one place where code that is not ours runs, and where promises that nobody waits for end. An
 * exception becomes a log line; it never ends the process and never passes silently.
 */
export class Guard {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Calls a user's callback whose result nobody needs. */
  notify(what: string, callback: () => unknown): void {
    try {
      const result = callback()
      if (result instanceof Promise) this.own(what, result)
    } catch (error) {
      this.#report(what, error)
    }
  }

  /** Takes a promise over: its rejection is logged. */
  own(what: string, promise: Promise<unknown>): void {
    promise.catch((error: unknown) => this.#report(what, error))
  }

  #report(what: string, error: unknown): void {
    const { code, message } = toCairnError(error)
    this.#logger.error({ what, code, error: message }, `${what} failed: ${message}`)
  }
}
