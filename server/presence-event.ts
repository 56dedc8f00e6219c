import type { PresenceEntry } from './presence-entry.js'
import type { PresencePrincipal } from './presence-owner.js'

/**
 * What happened to one client since the flush before, as the embedding program hears it: `joined`,
 * then any number of `updated`, `away` (its connection was lost) and `back`, and `left` at the end.
 */
export interface PresenceEvent {
  readonly type: 'joined' | 'updated' | 'away' | 'back' | 'left'
  readonly clientID: number
  readonly principal: PresencePrincipal | undefined
}

/** The events between what was told of the entry last and what it is now; they count as told. */
export function tellOf(entry: PresenceEntry): PresenceEvent[] {
  const { told, phase, clientID, isChanged } = entry
  const { principal } = entry.member.owner
  const events: PresenceEvent[] = []
  const wasHere = told.phase !== 'removed'
  const isHere = phase !== 'removed'
  const isOther = (told.principal?.id ?? '') !== (principal?.id ?? '')
  if (wasHere && (!isHere || isOther)) {
    events.push({ type: 'left', clientID, principal: told.principal })
  }
  if (isHere && (!wasHere || isOther)) events.push({ type: 'joined', clientID, principal })
  else if (told.phase === 'away' && phase === 'present') {
    events.push({ type: 'back', clientID, principal })
  }
  if (isHere && wasHere && !isOther && isChanged) {
    events.push({ type: 'updated', clientID, principal })
  }
  if (phase === 'away' && told.phase !== 'away') events.push({ type: 'away', clientID, principal })
  entry.told = { phase, principal }
  entry.isChanged = false
  return events
}
