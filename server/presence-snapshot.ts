import type { PresenceEntry } from './presence-entry.js'
import type { PresencePrincipal } from './presence-owner.js'

/** One client that is present, for the embedding program. */
export interface PresentClient {
  readonly clientID: number
  readonly principal: PresencePrincipal | undefined
  /** Its connection is lost and its grace period runs. */
  readonly isAway: boolean
  /** The state as peers see it. */
  readonly state: Readonly<Record<string, unknown>>
}

/** Those of `entries` that are here or in grace, with their states read. */
export function presentClients(entries: Iterable<PresenceEntry>): PresentClient[] {
  const decoder = new TextDecoder()
  const clients: PresentClient[] = []
  for (const { clientID, member, phase, shownState } of entries) {
    if (shownState === undefined) continue
    // Decoding the message has made sure that a state is a JSON object.
    const state: PresentClient['state'] = JSON.parse(decoder.decode(shownState))
    clients.push({ clientID, principal: member.owner.principal, isAway: phase === 'away', state })
  }
  return clients
}
