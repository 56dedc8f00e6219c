import type { PresenceEvent } from './presence-event.js'
import type { PresenceMember } from './presence-member.js'
import type { PresenceOwner } from './presence-owner.js'
import type { PresencePayload } from './presence-payload.js'

export interface PresenceFlushParts {
  readonly mark: number
  readonly events: readonly PresenceEvent[]
  readonly changes: PresencePayload
  readonly members: ReadonlyMap<PresenceOwner, PresenceMember>
  /** The whole list for one who joins with this flush. */
  readonly deliverSnapshot: (member: PresenceMember) => Uint8Array | undefined
}

/** What one flush of a document says of presence. To be used in the turn in which it was taken. */
export class PresenceFlush {
  /** What a connection that got its part of this flush passes to `changesSince` when it lags later. */
  readonly mark: number
  readonly events: readonly PresenceEvent[]
  readonly #parts: PresenceFlushParts

  constructor(parts: PresenceFlushParts) {
    this.mark = parts.mark
    this.events = parts.events
    this.#parts = parts
  }

  /** Content of an awareness message for everybody whom the flush does not concern, if there is any. */
  get shared(): Uint8Array | undefined {
    const { changes } = this.#parts
    return changes.isEmpty ? undefined : changes.bytes
  }

  /** Clients whose grace period began, for connections that know of it. */
  get away(): number[] {
    return clientsOf('away', this.events)
  }

  /** Clients that came back within it. */
  get back(): number[] {
    return clientsOf('back', this.events)
  }

  /** Whether `forOwner` gives anything else than `shared`. */
  concerns(owner: PresenceOwner): boolean {
    const { members, changes } = this.#parts
    const member = members.get(owner)
    if (member === undefined) return true
    return member.snapshotDebt !== 'none' || member.isChallenged || changes.concerns(owner)
  }

  /**
   * Content of the one awareness message for `owner`: the changes without its own, or the whole list
   * where that is due, or undefined for none. To be called once, when it is sent.
   */
  forOwner(owner: PresenceOwner): Uint8Array | undefined {
    const { members, changes, deliverSnapshot } = this.#parts
    const member = members.get(owner)
    // Whoever has not joined would not be known to echo what it is sent.
    if (member === undefined || member.snapshotDebt === 'announcement') return undefined
    if (member.snapshotDebt === 'due') return deliverSnapshot(member)
    return changes.forOwner(owner, member.takeChallenges())
  }
}

function clientsOf(type: PresenceEvent['type'], events: readonly PresenceEvent[]): number[] {
  return events.filter((event) => event.type === type).map(({ clientID }) => clientID)
}
