import type { AwarenessEntry } from '../protocol/awareness-message.js'
import type { PresenceEntry } from './presence-entry.js'
import type { PresenceMember } from './presence-member.js'

/**
 * What one entry of an awareness message is to the table:
 *
 * ignore   an echo, something old, or something that the connection has no say in
 * claim    a clientID that nobody has
 * change   a newer state of a client that the connection speaks for
 * remove   the same, saying that it leaves
 * rebind   a client whose connection is gone, or hangs, on a new one
 * refuse   a connection announces itself as a client that belongs to somebody else
 * forget   the connection has dropped somebody who is here, and should be told again
 */
export type Judgement = 'ignore' | 'claim' | 'change' | 'remove' | 'rebind' | 'refuse' | 'forget'

/**
 * Judges from the header alone; nothing is allocated and no state is read. The awareness class of
 * every y-websocket client sends back all that it hears, so most of what arrives is to be ignored.
 */
export function judge(
  entry: AwarenessEntry,
  known: PresenceEntry | undefined,
  member: PresenceMember,
): Judgement {
  if (known === undefined) return entry.state === undefined ? 'ignore' : 'claim'
  if (known.member === member) return judgeOwn(entry, known)
  if (entry.state === undefined) {
    const isNews = known.phase !== 'removed' && entry.clock === known.outClock
    return isNews ? 'forget' : 'ignore'
  }
  if (isAnswer(entry, known, member)) return 'rebind'
  if (isEcho(entry, known, member)) return 'ignore'
  if (mayTakeOver(known, member)) return 'rebind'
  return member.isAnnounced ? 'ignore' : 'refuse'
}

function judgeOwn(entry: AwarenessEntry, known: PresenceEntry): Judgement {
  if (entry.state !== undefined) return entry.clock > known.inClock ? 'change' : 'ignore'
  return entry.clock >= known.inClock && known.phase !== 'removed' ? 'remove' : 'ignore'
}

/**
 * Whether the clock is one under which the connection was sent the entry. A client's own clock is
 * never one of these: what it knew of the server's clocks it knew before this connection joined, and
 * the server's have moved on by a thousand a second since then.
 */
function isEcho(entry: AwarenessEntry, known: PresenceEntry, member: PresenceMember): boolean {
  return entry.clock >= member.joinClock && entry.clock <= known.outClock
}

/** Whether the connection that lost the client to another one shows that it is still there. */
function isAnswer(entry: AwarenessEntry, known: PresenceEntry, member: PresenceMember): boolean {
  const { challenge } = known
  return challenge?.member === member && entry.clock === challenge.clock + 1
}

function mayTakeOver(known: PresenceEntry, member: PresenceMember): boolean {
  const { member: holder } = known
  if (!holder.isConnected) {
    // A state that is still shown belongs to its principal; of a removed one only the clock is left.
    return known.phase === 'removed' || holder.principalId === member.principalId
  }
  if (member.isAnnounced) return false
  if (known.isRelayed) return true
  // A connection may hang without anybody having noticed, so the newer one of a principal is right.
  return holder.principalId === member.principalId && member.order > holder.order
}
