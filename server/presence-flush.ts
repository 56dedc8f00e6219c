import type { PresenceMember } from './presence-member.js'
import type { PresenceOwner, PresencePrincipal } from './presence-owner.js'
import type { PresencePayload } from './presence-payload.js'

/**
 * What happened to one client since the flush before, as the embedding program hears it: `joined`,
 * then any number of `updated`, `away` (its connection was lost) and `back`, and `left` at the end.
 */
export interface PresenceEvent {
  readonly type: 'joined' | 'updated' | 'away' | 'back' | 'left'
  readonly clientID: number
  readonly principal: PresencePrincipal | undefined
}

/** One client that is present, for the embedding program. */
export interface PresentClient {
  readonly clientID: number
  readonly principal: PresencePrincipal | undefined
  /** Its connection is lost and its grace period runs. */
  readonly isAway: boolean
  /** The state as peers see it. */
  readonly state: Readonly<Record<string, unknown>>
}

export interface PresenceFlushParts {
  readonly mark: number
  readonly away: readonly number[]
  readonly back: readonly number[]
  readonly events: readonly PresenceEvent[]
  readonly changes: PresencePayload | undefined
  readonly members: ReadonlyMap<PresenceOwner, PresenceMember>
  /** The list for those who join with this flush, encoded when the first asks. */
  readonly deliverSnapshot: (member: PresenceMember) => Uint8Array | undefined
}

/** What one flush of a document says of presence. To be used in the turn in which it was taken. */
export class PresenceFlush {
  /** What a connection that got its part of this flush passes to `changesSince` when it lags later. */
  readonly mark: number
  /** Clients whose grace period began, for connections that know of it. */
  readonly away: readonly number[]
  /** Clients that came back within it. */
  readonly back: readonly number[]
  readonly events: readonly PresenceEvent[]
  readonly #parts: PresenceFlushParts

  constructor(parts: PresenceFlushParts) {
    this.mark = parts.mark
    this.away = parts.away
    this.back = parts.back
    this.events = parts.events
    this.#parts = parts
  }

  /** Content of an awareness message for everybody whom the flush does not concern, if there is any. */
  get shared(): Uint8Array | undefined {
    return this.#parts.changes?.bytes
  }

  /** Whether `forOwner` gives anything else than `shared`. */
  concerns(owner: PresenceOwner): boolean {
    const member = this.#parts.members.get(owner)
    if (member !== undefined && member.snapshotDebt !== 'none') return true
    return this.#parts.changes?.concerns(owner) ?? false
  }

  /**
   * Content of the one awareness message for `owner`: the changes without its own, or the whole list
   * where that is due, or undefined for none. To be called once, when it is sent.
   */
  forOwner(owner: PresenceOwner): Uint8Array | undefined {
    const member = this.#parts.members.get(owner)
    if (member?.snapshotDebt === 'announcement') return undefined
    if (member?.snapshotDebt === 'due') return this.#parts.deliverSnapshot(member)
    return this.#parts.changes?.forOwner(owner)
  }
}
