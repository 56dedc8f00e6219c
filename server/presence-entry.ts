import type { PresenceMember } from './presence-member.js'
import type { PresencePrincipal } from './presence-owner.js'
import { stampState } from './presence-stamp.js'

/** Here; gone with its grace period running; gone, and known only for its clock (a tombstone). */
export type PresencePhase = 'present' | 'away' | 'removed'

/** One clientID in the presence of a document. */
export class PresenceEntry {
  readonly clientID: number
  /** Who speaks for it, or did so last. */
  member: PresenceMember
  /** Said by a connection that had announced another client before: it passes on what it heard. */
  isRelayed: boolean
  phase: PresencePhase = 'removed'
  /** The last clock that its member gave it. */
  inClock = 0
  /** The clock under which it is shown. See `PresenceClock`. */
  outClock: number
  /** When grace or tombstone ends; without meaning while present. */
  expiresAt = 0
  /** When it was last put out to be shown. */
  shownAt = 0
  /** Place in the order of everything put out; a connection is owed what comes after its mark. */
  version = 0
  /** The same for going away and coming back. */
  phaseVersion = 0
  /** Goes out with the next flush. */
  isOwed = false
  /** Its state is another one than at the last flush. */
  isChanged = false
  /** What the embedding program knows of it, from the last flush. */
  told: { readonly phase: PresencePhase; readonly principal: PresencePrincipal | undefined } = {
    phase: 'removed',
    principal: undefined,
  }
  /** When a change that came too soon has its turn; without meaning while none waits. */
  releaseAt = 0
  /** Connections that take this clientID for their own, besides its member. */
  readonly claimants = new Set<PresenceMember>()
  /** The connection that it was taken from, and the clock that tells whether that one is alive. */
  challenge: { readonly member: PresenceMember; readonly clock: number } | undefined
  #state: Uint8Array | undefined
  #shownState: Uint8Array | undefined

  constructor(clientID: number, member: PresenceMember, isRelayed: boolean, outClock: number) {
    this.clientID = clientID
    this.member = member
    this.isRelayed = isRelayed
    this.outClock = outClock
  }

  /** The JSON text as its member sent it; undefined when it is removed. */
  get state(): Uint8Array | undefined {
    return this.#state
  }

  /** Copies `state`, which is a view of a message that would otherwise stay in memory. */
  setState(state: Uint8Array | undefined): void {
    this.#state = state?.slice()
    this.#shownState = undefined
  }

  /** Bytes of the state as it counts towards the limits. */
  get stateBytes(): number {
    return this.#state?.byteLength ?? 0
  }

  /** The state as it is shown, with the stamp of its member's principal. */
  get shownState(): Uint8Array | undefined {
    if (this.#state === undefined) return undefined
    const { stamp } = this.member
    this.#shownState ??= stamp === undefined ? this.#state : stampState(this.#state, stamp)
    return this.#shownState
  }

  /** Another connection speaks for it from now on. */
  passTo(member: PresenceMember, isRelayed: boolean): void {
    // Who merely passed it on is not it, and is to see it from now on.
    if (this.isRelayed) this.member.clientIDs.delete(this.clientID)
    else if (this.member.isConnected) this.claimants.add(this.member)
    this.claimants.delete(member)
    this.#shownState = undefined
    this.member = member
    this.isRelayed = isRelayed
  }
}
