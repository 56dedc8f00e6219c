import { encodeAwareness } from '../protocol/codec.js'
import { phasesOf } from './flush-content.js'
import type { PresenceTable } from './presence-table.js'
import type { Subscriber } from './subscriber.js'

/**
 * What a connection is told of presence when it joins the fan-out, before it does: who is here. One
 * that was there before, and fell too far behind, is also told who has gone since its mark: a list
 * does not name them, and a client keeps what it was told once.
 */
export function presenceGreeting(
  presence: PresenceTable,
  subscriber: Subscriber,
  now: number,
): readonly Uint8Array[] {
  const { isExtended, presenceMark: mark } = subscriber
  const isBack = mark > 0
  const contents = [
    presence.snapshotFor(subscriber, now),
    isBack ? presence.changesSince(mark, subscriber, now) : undefined,
  ]
  const messages = contents.flatMap((content) =>
    content === undefined ? [] : [encodeAwareness(content)],
  )
  if (!isExtended) return messages
  const phases = isBack
    ? presence.phasesSince(mark)
    : { away: presence.awayClients(), back: [] as const }
  return [...messages, ...phasesOf(phases)]
}
