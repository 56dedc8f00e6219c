import type { Environment } from '../runtime/environment.js'
import { encodeBase64Url } from './base64.js'
import { listenToWindow } from './wake-events.js'
import { type WebGlobals, webGlobals } from './web-globals.js'

const storageKey = 'cairn.tab'
/** A page is loaded again sooner; later the server has dropped what a connection left behind. */
const keptMs = 60_000

/**
 * A random name by which the server knows a provider again after a reload; another each time where
 * nothing can be stored. No two providers that live at once have the same: a name is in the storage of
 * the tab only from the end of its page on, so that a copy of a living tab does not find it.
 */
export class TabIdentity {
  readonly name: string
  readonly #environment: Environment
  readonly #globals: WebGlobals
  readonly #stops: readonly (() => void)[]

  /** @param chosen by whoever sees to it that it is nobody else's; it is stored nowhere */
  constructor(environment: Environment, globals: WebGlobals = webGlobals, chosen?: string) {
    this.#environment = environment
    this.#globals = globals
    const [left] = this.#read().keys()
    this.name = chosen ?? left ?? encodeBase64Url(environment.randomBytes(12))
    this.#stops = []
    if (chosen !== undefined) return
    this.#take()
    this.#stops = [
      listenToWindow('pagehide', () => this.#leave(), globals),
      // A page that the browser has kept comes back as it was.
      listenToWindow('pageshow', () => this.#take(), globals),
    ]
  }

  /** The provider is gone, and has said so to the server: nobody has to be known again. Idempotent. */
  release(): void {
    for (const stop of this.#stops) stop()
  }

  #take(): void {
    const left = this.#read()
    if (left.delete(this.name)) this.#write(left)
  }

  #leave(): void {
    this.#write(this.#read().set(this.name, this.#environment.wallClock()))
  }

  /** The names that pages of this tab left a moment ago, and when, in ms since 1970. */
  #read(): Map<string, number> {
    const names = new Map<string, number>()
    for (const entry of this.#stored().split(' ')) {
      const [name = '', leftAt = ''] = entry.split('@')
      const age = this.#environment.wallClock() - Number.parseInt(leftAt, 10)
      if (name !== '' && name.length <= 64 && Math.abs(age) <= keptMs) {
        names.set(name, Number.parseInt(leftAt, 10))
      }
    }
    return names
  }

  #stored(): string {
    try {
      return this.#globals.sessionStorage?.getItem(storageKey) ?? ''
    } catch {
      // A page may be forbidden to store anything; it is then a new tab after each reload.
      return ''
    }
  }

  #write(names: ReadonlyMap<string, number>): void {
    const entries = Array.from(names, ([name, leftAt]) => `${name}@${leftAt}`)
    try {
      this.#globals.sessionStorage?.setItem(storageKey, entries.join(' '))
    } catch {
      // As above.
    }
  }
}
