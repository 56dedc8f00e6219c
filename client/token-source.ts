import type { Environment, Timer } from '../runtime/environment.js'
import { ProviderError } from './provider-error.js'

/** A token, or what gets one; it is called for each attempt to connect, and before one runs out. */
export type Token = string | (() => string | Promise<string>)

/** How long the application may take to get one. */
const fetchMs = 30_000
/** A token is renewed so long before it runs out, or after four fifths of its time. */
const marginMs = 30_000
/** When a renewal failed it is tried again after this. */
const retryMs = 5_000
/** Timers of browsers count in 31 bits. */
const longestTimerMs = 2_000_000_000

/** Gets tokens from the application, in time. */
export class TokenSource {
  readonly #environment: Environment
  readonly #token: Token | undefined
  #current: string | undefined
  #timer: Timer | undefined

  constructor(environment: Environment, token: Token | undefined) {
    this.#environment = environment
    this.#token = token
    this.#current = typeof token === 'string' ? token : undefined
  }

  /** The one that was fetched last. */
  get current(): string | undefined {
    return this.#current
  }

  get isGiven(): boolean {
    return this.#token !== undefined
  }

  /** Gets a fresh one; undefined where there is nothing to wait for. @throws TOKEN_FAILED */
  fetch(): Promise<void> | undefined {
    const token = this.#token
    if (typeof token !== 'function') return undefined
    return this.#fetch(token)
  }

  /** Calls `onToken` with a newer token before the present one runs out; the last call counts. */
  renewBefore(expiresInMs: number, onToken: (token: string) => void): void {
    this.stop()
    const token = this.#token
    if (expiresInMs <= 0 || typeof token !== 'function') return
    const waitMs = expiresInMs - Math.min(marginMs, expiresInMs / 5)
    this.#renewAfter(waitMs, token, onToken)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #renewAfter(waitMs: number, token: Exclude<Token, string>, onToken: (token: string) => void) {
    const timer = this.#environment.setTimer(
      () => {
        if (waitMs > longestTimerMs) {
          this.#renewAfter(waitMs - longestTimerMs, token, onToken)
          return
        }
        this.#fetch(token).then(
          () => {
            if (this.#timer === timer && this.#current !== undefined) onToken(this.#current)
          },
          () => {
            if (this.#timer === timer) this.#renewAfter(retryMs, token, onToken)
          },
        )
      },
      Math.min(waitMs, longestTimerMs),
    )
    this.#timer = timer
  }

  #fetch(token: Exclude<Token, string>): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (message: string, cause?: unknown): void => {
        timer.cancel()
        reject(new ProviderError('TOKEN_FAILED', message, { cause }))
      }
      const timer = this.#environment.setTimer(
        () => fail(`the function for the token took longer than ${fetchMs} ms`),
        fetchMs,
      )
      Promise.resolve()
        .then(token)
        .then(
          (value) => {
            if (typeof value !== 'string') {
              fail(`the function for the token must give a string, got ${typeof value}`)
              return
            }
            timer.cancel()
            this.#current = value
            resolve()
          },
          (error: unknown) => fail(error instanceof Error ? error.message : String(error), error),
        )
    })
  }
}
