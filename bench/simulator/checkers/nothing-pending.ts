import type { Checker, ClientState } from '../checker.js'

/** At rest no replica has structs or deletes that wait for others. */
export class NothingPending implements Checker {
  readonly invariant = 'nothing-pending'

  rested(clients: readonly ClientState[], fresh: readonly ClientState[]): string | undefined {
    for (const { name, doc } of [...clients, ...fresh]) {
      if (doc.store.pendingStructs !== null) return `${name} has structs without their past`
      if (doc.store.pendingDs !== null) return `${name} has deletes of unknown structs`
    }
    return undefined
  }
}
