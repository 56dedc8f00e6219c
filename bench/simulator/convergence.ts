import type { VirtualTime } from '../../runtime/virtual-time.js'
import type { ClientState } from './checker.js'

/** How long after the heal one client had everything. */
export interface ClientConvergence {
  readonly name: string
  readonly documentName: string
  /** Simulated milliseconds from the heal; undefined where it never came so far. */
  readonly ms: number | undefined
}

/**
 * Measures, from the heal on, when each client was synced and acknowledged and had received the last
 * that it lacked. That somebody is synced is looked at now and then only; an arrival is seen at once.
 */
export class Convergence {
  readonly #time: VirtualTime
  readonly #start: number
  readonly #clients = new Map<string, { readonly documentName: string; at: number | undefined }>()

  /** @param clients as they are at the heal, from which on nobody edits */
  constructor(time: VirtualTime, clients: readonly ClientState[]) {
    this.#time = time
    this.#start = time.now
    for (const { name, documentName, doc } of clients) {
      const client: { documentName: string; at: number | undefined } = {
        documentName,
        at: undefined,
      }
      this.#clients.set(name, client)
      doc.on('update', () => {
        if (client.at !== undefined) client.at = time.now
      })
    }
  }

  /** Notes who is synced and acknowledged by now. */
  look(clients: readonly ClientState[]): void {
    for (const { name, isSynced, unacknowledged } of clients) {
      const client = this.#clients.get(name)
      if (client === undefined) continue
      if (!isSynced || unacknowledged > 0) client.at = undefined
      else client.at ??= this.#time.now
    }
  }

  get clients(): readonly ClientConvergence[] {
    return [...this.#clients].map(([name, { documentName, at }]) => ({
      name,
      documentName,
      ms: at === undefined ? undefined : at - this.#start,
    }))
  }
}
