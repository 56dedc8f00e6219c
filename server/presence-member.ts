import type { StampFields } from './presence-options.js'
import type { PresenceOwner } from './presence-owner.js'

/** Whether a connection is owed the whole list: not before it said which client it is. */
export type SnapshotDebt = 'announcement' | 'due' | 'none'

/**
 * A question to a connection whose client announced itself on another one. Being told that it left,
 * under a clock that it cannot know, a client that is there answers with the next clock at once
 * (y-protocols 1.0.7, `applyAwarenessUpdate`); one that is gone, or on the other connection, does not.
 */
export interface Challenge {
  readonly clientID: number
  readonly clock: number
}

/** What the presence of one document knows of a connection; outlives it where its state does. */
export class PresenceMember {
  readonly owner: PresenceOwner
  /** Whom it speaks for; empty for everybody who did not authenticate. */
  readonly principalId: string
  /** Which tab of whose, for `tab` of the owner. */
  readonly tabKey: string | undefined
  readonly stamp: StampFields | undefined
  /** Later connections have greater ones. */
  readonly order: number
  /** The clock at which it joined: whatever it was sent has at least this one. */
  readonly joinClock: number
  /** When it is taken for a connection that has no state. */
  readonly announceBy: number
  isConnected = true
  /** Whether its first awareness message came, the one in which a client says who it is. */
  hasSpoken = false
  snapshotDebt: SnapshotDebt = 'announcement'
  snapshotAt = Number.NEGATIVE_INFINITY
  /** The clients that it speaks for, or tried to; bounded by `entriesPerConnection`. */
  readonly clientIDs = new Set<number>()
  #challenges: Challenge[] = []
  /** When its changes would be used up evenly (the generic cell rate algorithm, ITU-T I.371). */
  #theoreticalArrival = Number.NEGATIVE_INFINITY

  constructor(
    owner: PresenceOwner,
    at: {
      readonly stamp: StampFields | undefined
      readonly order: number
      readonly joinClock: number
      readonly announceBy: number
    },
  ) {
    this.owner = owner
    this.principalId = owner.principal?.id ?? ''
    this.tabKey = owner.tab === undefined ? undefined : `${this.principalId}\0${owner.tab}`
    this.stamp = at.stamp
    this.order = at.order
    this.joinClock = at.joinClock
    this.announceBy = at.announceBy
  }

  /**
   * Whether it said which client it is, with its first message, or later if it came without a state.
   * What it says of another one from then on it has heard, and passes on.
   */
  get isAnnounced(): boolean {
    return this.hasSpoken && this.clientIDs.size > 0
  }

  /** Whether it must be asked something with its next message. */
  get isChallenged(): boolean {
    return this.#challenges.length > 0
  }

  challengeWith(challenge: Challenge): void {
    this.#challenges.push(challenge)
  }

  /** What it must be asked; it counts as asked. */
  takeChallenges(): readonly Challenge[] {
    if (this.#challenges.length === 0) return this.#challenges
    const challenges = this.#challenges
    this.#challenges = []
    return challenges
  }

  /** Counts one change and returns `now`; or, where it is one too many, the time to try again. */
  admitChange(now: number, perSecond: number): number {
    if (perSecond === 0) return now
    const intervalMs = 1_000 / perSecond
    const arrival = Math.max(this.#theoreticalArrival, now)
    // One change at once is always allowed, also where a second is not enough for one.
    const allowedAt = arrival - Math.max(0, 1_000 - intervalMs)
    if (allowedAt > now) return allowedAt
    this.#theoreticalArrival = arrival + intervalMs
    return now
  }
}
