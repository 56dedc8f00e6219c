import type { AwarenessEntry, AwarenessLimits } from '../protocol/awareness-message.js'
import { PresenceClock } from './presence-clock.js'
import type { PresenceEntry } from './presence-entry.js'
import { tellOf } from './presence-event.js'
import { PresenceFlush } from './presence-flush.js'
import { judge } from './presence-judgement.js'
import {
  orInfinity,
  presenceMessageLimits,
  requireEntries,
  requireStateBytes,
} from './presence-limits.js'
import { PresenceMember } from './presence-member.js'
import type { ResolvedPresenceOptions } from './presence-options.js'
import type { PresenceOwner } from './presence-owner.js'
import { PresencePayload } from './presence-payload.js'
import { PresenceRoster } from './presence-roster.js'
import { type PresentClient, presentClients } from './presence-snapshot.js'

export interface PresenceTableOptions {
  readonly documentName: string
  readonly presence: ResolvedPresenceOptions
  /** `wallClock() - now()` of the environment, in milliseconds. */
  readonly wallClockOffsetMs: number
}

/** A connection that meant to leave, or one that is gone without a word. */
export type DisconnectKind = 'clean' | 'lost'

/** How often a connection that forgot somebody is told the whole list again, at most. */
const remindMs = 1_000

/**
 * Who is present in one document. It holds no socket and no timer: messages, times and ends of
 * connections are put in, and what each connection must be sent is taken out once per flush. `now`
 * is always a time in milliseconds of one clock that never goes back.
 *
 * 1. A client speaks for itself alone: the first connection that announces a clientID has it, and
 *    hands it on only to a newer connection of the same principal, or when it is gone.
 * 2. Nobody is ever sent its own state.
 * 3. Clocks going out are the table's own, and only grow: see `PresenceClock`.
 * 4. A lost connection's state stays for the grace period; its return within it is not shown.
 * 5. States are opaque bytes; they are read only to be stamped.
 */
export class PresenceTable {
  /** What the entries of this document's awareness messages must keep to when they are decoded. */
  readonly messageLimits: AwarenessLimits
  readonly #options: ResolvedPresenceOptions
  readonly #clock: PresenceClock
  readonly #roster: PresenceRoster
  readonly #members = new Map<PresenceOwner, PresenceMember>()
  /** Owners that are gone: what still comes from them is nothing. */
  readonly #gone = new WeakSet<PresenceOwner>()
  /** Connections that have not said who they are, oldest first. */
  readonly #unannounced = new Set<PresenceMember>()
  /** Some connection is owed something although nobody's presence changed. */
  #isDeliveryDue = false
  #refusedEntries = 0
  #memberOrder = 0

  /** @throws TypeError where the `graceMs` function gives no number >= 0 for this document */
  constructor({ documentName, presence, wallClockOffsetMs }: PresenceTableOptions) {
    const { limits, timings } = presence
    this.#options = presence
    this.#clock = new PresenceClock(wallClockOffsetMs)
    const graceMs = presence.graceMs(documentName)
    this.#roster = new PresenceRoster(this.#clock, { limits, timings, graceMs })
    this.messageLimits = presenceMessageLimits(limits)
  }

  /** Nobody is here, nor in grace, and nothing waits to be flushed. */
  get isEmpty(): boolean {
    return this.#roster.presentCount === 0 && !this.needsFlush
  }

  /** Clients that are here or in grace. */
  get presentCount(): number {
    return this.#roster.presentCount
  }

  /** The same and those whose tombstone stands. What the table holds in memory. */
  get knownCount(): number {
    return this.#roster.knownCount
  }

  /** States that were passed over: the limit was reached, or they belong to another. For metrics. */
  get refusedEntries(): number {
    return this.#refusedEntries
  }

  /** Whether `takeFlush` has something to say. */
  get needsFlush(): boolean {
    return this.#roster.isDirty || this.#isDeliveryDue
  }

  /** Stands for everything put out so far; see `changesSince`. */
  get mark(): number {
    return this.#roster.version
  }

  /** When `tick` has something to do, at the earliest; undefined for never, as things stand. */
  get nextDueAt(): number | undefined {
    const [unannounced] = this.#unannounced
    const due = Math.min(
      this.#roster.nextDueAt,
      unannounced?.announceBy ?? Number.POSITIVE_INFINITY,
    )
    return due === Number.POSITIVE_INFINITY ? undefined : due
  }

  /**
   * Takes the entries of one awareness message. The whole message is judged before any of it is
   * applied. An empty one says that the connection has no state of its own.
   *
   * @throws LIMIT_REACHED, TOO_LARGE where the connection must be closed; nothing was changed then.
   * What the stamp throws comes through on a connection's first call.
   */
  receive(owner: PresenceOwner, entries: readonly AwarenessEntry[], now: number): void {
    const member = this.#memberOf(owner, now)
    if (member === undefined) return
    if (this.#isOfInterest(member, entries)) {
      for (const entry of entries) this.#apply(entry, member, now)
    }
    if (!member.hasSpoken) this.#endAnnouncement(member)
  }

  /**
   * The connection is closed. `clean`: its clients have left. `lost`: they stay for the grace
   * period. Those that are on a newer connection by now are not touched.
   */
  disconnect(owner: PresenceOwner, kind: DisconnectKind, now: number): void {
    this.#gone.add(owner)
    const member = this.#members.get(owner)
    if (member === undefined) return
    this.#members.delete(owner)
    this.#unannounced.delete(member)
    member.isConnected = false
    for (const clientID of member.clientIDs) {
      const entry = this.#roster.get(clientID)
      if (entry === undefined) continue
      entry.claimants.delete(member)
      if (entry.challenge?.member === member) entry.challenge = undefined
      if (entry.member !== member || entry.phase !== 'present') continue
      if (kind === 'clean') this.#roster.remove(entry, now)
      else this.#roster.lose(entry, now)
    }
  }

  /** Does what is due at `now`; see `nextDueAt`. A flush may be needed afterwards. */
  tick(now: number): void {
    for (const member of this.#unannounced) {
      if (member.announceBy > now) break
      this.#endAnnouncement(member)
    }
    this.#roster.tick(now)
  }

  /** What changed since the flush before: of each client the newest state, once. */
  takeFlush(now: number): PresenceFlush | undefined {
    if (!this.needsFlush) return undefined
    this.#isDeliveryDue = false
    const dirty = this.#roster.takeDirty()
    const owed = dirty.filter((entry) => entry.isOwed)
    for (const entry of owed) entry.isOwed = false
    let snapshot: PresencePayload | undefined
    return new PresenceFlush({
      mark: this.mark,
      events: dirty.flatMap(tellOf),
      changes: new PresencePayload(owed),
      members: this.#members,
      deliverSnapshot: (member) => {
        snapshot ??= this.#encodeSnapshot(now)
        return deliver(snapshot, member, now)
      },
    })
  }

  /**
   * Content of an awareness message with everybody but the connection's own clients; undefined for
   * nobody. For a connection that joins, this begins its membership and is undefined: it is told by
   * the first flush after it announced itself, or after `announceMs`. Then it answers queries.
   */
  snapshotFor(owner: PresenceOwner, now: number): Uint8Array | undefined {
    const member = this.#memberOf(owner, now)
    if (member === undefined || member.snapshotDebt === 'announcement') return undefined
    return deliver(this.#encodeSnapshot(now), member, now)
  }

  /**
   * Content of the one message that brings a lagging connection up to date: the newest state of each
   * client that changed after `mark`. Its mark is `this.mark` afterwards.
   */
  changesSince(mark: number, owner: PresenceOwner, now: number): Uint8Array | undefined {
    const member = this.#members.get(owner)
    if (member === undefined || member.snapshotDebt === 'announcement') return undefined
    if (member.snapshotDebt === 'due') return this.snapshotFor(owner, now)
    const changed = [...this.#roster.values()].filter((entry) => entry.version > mark)
    return new PresencePayload(changed).forOwner(owner, member.takeChallenges())
  }

  /** Which clients went into grace and came back after `mark`, for a connection that knows of it. */
  phasesSince(mark: number): {
    readonly away: readonly number[]
    readonly back: readonly number[]
  } {
    const changed = [...this.#roster.values()].filter((entry) => entry.phaseVersion > mark)
    const idsIn = (phase: PresenceEntry['phase']) =>
      changed.filter((entry) => entry.phase === phase).map(({ clientID }) => clientID)
    return { away: idsIn('away'), back: idsIn('present') }
  }

  /** Clients whose grace period runs, for a connection that joins and knows of it. */
  awayClients(): number[] {
    return Array.from(this.#roster.away, ({ clientID }) => clientID)
  }

  /** Everybody who is here or in grace, read. For the embedding program, not for the path. */
  snapshot(): PresentClient[] {
    return presentClients(this.#roster.values())
  }

  #memberOf(owner: PresenceOwner, now: number): PresenceMember | undefined {
    const known = this.#members.get(owner)
    if (known !== undefined || this.#gone.has(owner)) return known
    const { principal } = owner
    const isKnown = principal !== undefined && principal.id !== ''
    const member = new PresenceMember(owner, {
      stamp: isKnown ? this.#options.stamp(principal) : undefined,
      order: ++this.#memberOrder,
      joinClock: this.#clock.at(now),
      announceBy: now + this.#options.timings.announceMs,
    })
    this.#members.set(owner, member)
    this.#unannounced.add(member)
    return member
  }

  /** Whether anything of the message counts, after checking all of it that does. */
  #isOfInterest(member: PresenceMember, entries: readonly AwarenessEntry[]): boolean {
    const { limits } = this.#options
    let isOfInterest = false
    let binding = 0
    for (const entry of entries) {
      const judgement = judge(entry, this.#roster.get(entry.clientID), member)
      if (judgement === 'ignore') continue
      isOfInterest = true
      if (entry.state !== undefined) requireStateBytes(entry.state.byteLength, limits)
      if (judgement !== 'change' && judgement !== 'remove' && judgement !== 'forget') binding++
    }
    requireEntries(binding, limits)
    return isOfInterest
  }

  #apply(entry: AwarenessEntry, member: PresenceMember, now: number): void {
    const known = this.#roster.get(entry.clientID)
    // Judged again, since an entry before it in the message may have been of the same client.
    const judgement = judge(entry, known, member)
    if (judgement === 'ignore') return
    if (known === undefined) this.#claim(entry, member, now)
    else if (judgement === 'change') this.#change(known, entry, now)
    else if (judgement === 'remove') this.#leave(known, entry, now)
    else if (judgement === 'forget') this.#remind(member, now)
    else if (judgement === 'rebind') this.#rebind(known, entry, member, now)
    else this.#refuse(known, member)
  }

  #claim(entry: AwarenessEntry, member: PresenceMember, now: number): void {
    if (!this.#isAdmitted(undefined, entry, member)) return
    const created = this.#roster.add(entry.clientID, member, member.isAnnounced, now)
    created.inClock = entry.clock
    this.#roster.setState(created, entry.state)
    this.#roster.setPresent(created, now)
    this.#roster.show(created, now)
  }

  #change(known: PresenceEntry, entry: AwarenessEntry, now: number): void {
    if (!this.#isAdmitted(known, entry, known.member)) return
    known.inClock = entry.clock
    // The client renews what the table renews by itself.
    if (areEqual(known.state, entry.state)) return
    this.#advance(known, entry.clock, now)
    this.#roster.setState(known, entry.state)
    this.#roster.setPresent(known, now)
    this.#roster.show(known, now)
  }

  #leave(known: PresenceEntry, entry: AwarenessEntry, now: number): void {
    known.inClock = entry.clock
    this.#advance(known, entry.clock, now)
    this.#roster.bury(known, now)
    this.#roster.show(known, now)
  }

  #rebind(known: PresenceEntry, entry: AwarenessEntry, member: PresenceMember, now: number): void {
    if (!this.#isAdmitted(known, entry, member)) return
    this.#challenge(known, member, now)
    const { shownState: shownBefore, outClock, isChanged } = known
    this.#advance(known, entry.clock, now)
    this.#roster.pass(known, member, member.isAnnounced, now)
    known.inClock = entry.clock
    if (!areEqual(known.state, entry.state)) this.#roster.setState(known, entry.state)
    this.#roster.setPresent(known, now)
    if (areEqual(known.shownState, shownBefore)) {
      // Its peers have this state under this clock, and need not hear of the return.
      known.outClock = outClock
      known.isChanged = isChanged
    } else {
      known.isChanged = true
      this.#roster.show(known, now)
    }
  }

  /** The clock for the next thing to show, before it is applied. */
  #advance(known: PresenceEntry, claimed: number, now: number): void {
    // Whoever joined since it was removed knows its echoes by their being later than the join.
    known.outClock =
      known.phase === 'removed'
        ? this.#clock.fresh(known.outClock, now)
        : this.#clock.next(known.outClock, claimed, now)
  }

  /**
   * The connection that has the client may hang, or the newer one may be somebody else's who has
   * heard of the clientID, where nobody has to say who they are. So the older one is asked.
   */
  #challenge(known: PresenceEntry, member: PresenceMember, now: number): void {
    const { member: holder, clientID } = known
    const isAnswer = known.challenge?.member === member
    known.challenge = undefined
    // Who passes a client on is not that client, and would pass the question on too.
    if (isAnswer || known.isRelayed || !holder.isConnected) return
    const clock = this.#clock.fresh(known.outClock, now)
    known.challenge = { member: holder, clock }
    holder.challengeWith({ clientID, clock })
    this.#isDeliveryDue = true
  }

  /** The connection thinks it is this client, so it must not hear of the one who really is. */
  #refuse(known: PresenceEntry, member: PresenceMember): void {
    this.#refusedEntries++
    known.claimants.add(member)
    member.clientIDs.add(known.clientID)
  }

  /** It timed out on a machine that slept, or another tab was closed: y-websocket tells everybody. */
  #remind(member: PresenceMember, now: number): void {
    if (member.snapshotDebt !== 'none' || now < member.snapshotAt + remindMs) return
    member.snapshotDebt = 'due'
    this.#isDeliveryDue = true
  }

  /** Whether the limits leave room; what they do not is passed over, since it is no offence. */
  #isAdmitted(
    known: PresenceEntry | undefined,
    { clientID, state }: AwarenessEntry,
    { clientIDs }: PresenceMember,
  ): boolean {
    const maxEntries = orInfinity(this.#options.limits.entriesPerConnection)
    const mayBind = clientIDs.has(clientID) || clientIDs.size < maxEntries
    const isAdmitted = mayBind && this.#roster.hasRoom(known, state)
    if (!isAdmitted) this.#refusedEntries++
    return isAdmitted
  }

  #endAnnouncement(member: PresenceMember): void {
    member.hasSpoken = true
    member.snapshotDebt = 'due'
    this.#unannounced.delete(member)
    this.#isDeliveryDue = true
  }

  /** All who are here, under clocks that no connection that asks now can have seen. */
  #encodeSnapshot(now: number): PresencePayload {
    const present = [...this.#roster.values()].filter((entry) => entry.phase !== 'removed')
    for (const entry of present) entry.outClock = this.#clock.fresh(entry.outClock, now)
    return new PresencePayload(present)
  }
}

function deliver(
  snapshot: PresencePayload,
  member: PresenceMember,
  now: number,
): Uint8Array | undefined {
  member.snapshotDebt = 'none'
  member.snapshotAt = now
  return snapshot.forOwner(member.owner, member.takeChallenges())
}

function areEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.byteLength === other.byteLength && Buffer.compare(one, other) === 0
}
