import type { Checker, ClientState } from '../checker.js'

/**
 * Liveness: once everything is healed, every client is connected, has been answered and has had its
 * updates acknowledged, within the time that docs/SIMULATION.md gives.
 */
export class EverybodySynced implements Checker {
  readonly invariant = 'everybody-synced'

  rested(clients: readonly ClientState[], fresh: readonly ClientState[]): string | undefined {
    for (const { name, documentName, isSynced, unacknowledged } of [...clients, ...fresh]) {
      if (!isSynced) return `${name} is not synced with document ${documentName}`
      if (unacknowledged > 0) return `${unacknowledged} updates of ${name} are not acknowledged`
    }
    return undefined
  }
}
