import type { AwarenessEntry, AwarenessLimits } from '../protocol/awareness-message.js'
import { CairnError } from '../protocol/errors.js'
import { PresenceClock } from './presence-clock.js'
import { PresenceEntry } from './presence-entry.js'
import { type PresenceEvent, PresenceFlush, type PresentClient } from './presence-flush.js'
import { judge } from './presence-judgement.js'
import { orInfinity, presenceMessageLimits } from './presence-limits.js'
import { PresenceMember } from './presence-member.js'
import type { ResolvedPresenceOptions } from './presence-options.js'
import type { PresenceOwner } from './presence-owner.js'
import { PresencePayload } from './presence-payload.js'

/** Times are those of the clock that `now` is read from everywhere, in milliseconds. */
export interface PresenceTableOptions {
  readonly documentName: string
  readonly presence: ResolvedPresenceOptions
  /** `wallClock() - now()` of the environment. */
  readonly wallClockOffsetMs: number
}

/** A connection that meant to leave, or one that is gone without a word. */
export type DisconnectKind = 'clean' | 'lost'

/** How often a connection that forgot somebody is told the whole list again, at most. */
const remindMs = 1_000
/** Of the entries, those are renewed together that were not shown for this part of the interval. */
const renewalShare = 0.5

/**
 * Who is present in one document. It holds no socket and no timer: messages, times and ends of
 * connections are put in, and what each connection must be sent is taken out once per flush.
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
  readonly #graceMs: number
  readonly #clock: PresenceClock
  readonly #entries = new Map<number, PresenceEntry>()
  readonly #members = new Map<PresenceOwner, PresenceMember>()
  /** Owners that are gone: what still comes from them is nothing. */
  readonly #gone = new WeakSet<PresenceOwner>()
  /** Connections that have not said who they are, oldest first. */
  readonly #unannounced = new Set<PresenceMember>()
  /** In the order in which they run out, since all run equally long. */
  readonly #graces = new Set<PresenceEntry>()
  readonly #tombstones = new Set<PresenceEntry>()
  readonly #withheld = new Set<PresenceEntry>()
  readonly #dirty = new Set<PresenceEntry>()
  readonly #tabs = new Map<string, Set<PresenceEntry>>()
  #isSnapshotDue = false
  #stateBytes = 0
  #refusedEntries = 0
  #version = 0
  #memberOrder = 0
  /** Not later than the time at which some entry must be renewed; undefined while nobody is here. */
  #renewAt: number | undefined

  constructor({ documentName, presence, wallClockOffsetMs }: PresenceTableOptions) {
    this.#options = presence
    this.#graceMs = presence.graceMs(documentName)
    this.#clock = new PresenceClock(wallClockOffsetMs)
    this.messageLimits = presenceMessageLimits(presence.limits)
  }

  /** Nobody is here, nor in grace, and nothing waits to be flushed. */
  get isEmpty(): boolean {
    return this.presentCount === 0 && !this.needsFlush
  }

  /** Clients that are here or in grace. */
  get presentCount(): number {
    return this.#entries.size - this.#tombstones.size
  }

  /** States that were passed over since a limit of the document was reached. For metrics. */
  get refusedEntries(): number {
    return this.#refusedEntries
  }

  /** Whether `takeFlush` has something to say. */
  get needsFlush(): boolean {
    return this.#dirty.size > 0 || this.#isSnapshotDue
  }

  /** Stands for everything put out so far; see `changesSince`. */
  get mark(): number {
    return this.#version
  }

  /** When `tick` has something to do, at the earliest; undefined for never, as things stand. */
  get nextDueAt(): number | undefined {
    let due = this.#renewAt ?? Number.POSITIVE_INFINITY
    for (const member of firstOf(this.#unannounced)) due = Math.min(due, member.announceBy)
    for (const entry of firstOf(this.#graces)) due = Math.min(due, entry.expiresAt)
    for (const entry of firstOf(this.#tombstones)) due = Math.min(due, entry.expiresAt)
    for (const entry of this.#withheld) due = Math.min(due, entry.releaseAt ?? due)
    return due === Number.POSITIVE_INFINITY ? undefined : due
  }

  /**
   * Takes the entries of one awareness message. The whole message is judged before any of it is
   * applied. An empty one says that the connection has no state of its own.
   *
   * @throws LIMIT_REACHED, TOO_LARGE where the connection must be closed; nothing was changed then
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
      const entry = this.#entries.get(clientID)
      if (entry === undefined) continue
      entry.claimants.delete(member)
      if (entry.member !== member || entry.phase !== 'present') continue
      if (kind === 'clean' || this.#graceMs === 0) this.#remove(entry, now)
      else this.#startGrace(entry, now)
    }
  }

  /** Does what is due at `now`; see `nextDueAt`. A flush may be needed afterwards. */
  tick(now: number): void {
    for (const member of this.#unannounced) {
      if (member.announceBy > now) break
      this.#endAnnouncement(member)
    }
    for (const entry of this.#graces) {
      if (entry.expiresAt > now) break
      this.#remove(entry, now)
    }
    for (const entry of this.#tombstones) {
      if (entry.expiresAt > now) break
      this.#free(entry)
    }
    for (const entry of this.#withheld) this.#show(entry, now)
    if (this.#renewAt !== undefined && this.#renewAt <= now) this.#renew(now)
  }

  /** What changed since the flush before: of each client the newest state, once. */
  takeFlush(now: number): PresenceFlush | undefined {
    if (!this.needsFlush) return undefined
    const owed: PresenceEntry[] = []
    const away: number[] = []
    const back: number[] = []
    const events: PresenceEvent[] = []
    for (const entry of this.#dirty) {
      if (entry.isOwed) owed.push(entry)
      for (const type of eventsOf(entry)) {
        if (type === 'away') away.push(entry.clientID)
        else if (type === 'back') back.push(entry.clientID)
        const { principal } = entry.member.owner
        events.push({ type, clientID: entry.clientID, principal })
      }
      entry.isOwed = false
      entry.isChanged = false
      entry.flushedPhase = entry.phase
    }
    this.#dirty.clear()
    this.#isSnapshotDue = false
    let snapshot: PresencePayload | undefined
    return new PresenceFlush({
      mark: this.#version,
      away,
      back,
      events,
      changes: owed.length === 0 ? undefined : new PresencePayload(owed),
      members: this.#members,
      deliverSnapshot: (member) => {
        snapshot ??= this.#encodeSnapshot(now)
        return this.#deliver(snapshot, member, now)
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
    return this.#deliver(this.#encodeSnapshot(now), member, now)
  }

  /**
   * Content of the one message that brings a lagging connection up to date: the newest state of each
   * client that changed after `mark`. Its mark is `this.mark` afterwards.
   */
  changesSince(mark: number, owner: PresenceOwner, now: number): Uint8Array | undefined {
    const member = this.#members.get(owner)
    if (member === undefined || member.snapshotDebt === 'announcement') return undefined
    if (member.snapshotDebt === 'due') return this.snapshotFor(owner, now)
    const entries = [...this.#entries.values()].filter((entry) => entry.version > mark)
    return entries.length === 0 ? undefined : new PresencePayload(entries).forOwner(owner)
  }

  /** Which clients went into grace and came back after `mark`, for a connection that knows of it. */
  phasesSince(mark: number): {
    readonly away: readonly number[]
    readonly back: readonly number[]
  } {
    const away: number[] = []
    const back: number[] = []
    for (const { clientID, phase, phaseVersion } of this.#entries.values()) {
      if (phaseVersion <= mark) continue
      if (phase === 'away') away.push(clientID)
      else if (phase === 'present') back.push(clientID)
    }
    return { away, back }
  }

  /** Clients whose grace period runs, for a connection that joins and knows of it. */
  awayClients(): number[] {
    return Array.from(this.#graces, ({ clientID }) => clientID)
  }

  /** Everybody who is here or in grace, read. For the embedding program, not for the path. */
  snapshot(): PresentClient[] {
    const clients: PresentClient[] = []
    for (const entry of this.#entries.values()) {
      const { clientID, member, phase, shownState } = entry
      if (shownState === undefined) continue
      const state = JSON.parse(new TextDecoder().decode(shownState)) as PresentClient['state']
      clients.push({ clientID, principal: member.owner.principal, isAway: phase === 'away', state })
    }
    return clients
  }

  #memberOf(owner: PresenceOwner, now: number): PresenceMember | undefined {
    const known = this.#members.get(owner)
    if (known !== undefined || this.#gone.has(owner)) return known
    const { principal } = owner
    const member = new PresenceMember(owner, {
      stamp:
        principal === undefined || principal.id === '' ? undefined : this.#options.stamp(principal),
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
    const { entriesPerConnection, stateBytes } = this.#options.limits
    const maxStateBytes = orInfinity(stateBytes)
    let counting = 0
    let binding = 0
    for (const entry of entries) {
      const judgement = judge(entry, this.#entries.get(entry.clientID), member)
      if (judgement === 'ignore') continue
      counting++
      const { byteLength } = entry.state ?? { byteLength: 0 }
      if (byteLength > maxStateBytes) {
        throw new CairnError(
          'TOO_LARGE',
          `expected a state of at most ${maxStateBytes} bytes, got ${byteLength}`,
          { rule: 'presence-state-bytes' },
        )
      }
      if (judgement === 'claim' || judgement === 'rebind' || judgement === 'refuse') binding++
    }
    if (binding > orInfinity(entriesPerConnection)) {
      throw new CairnError(
        'LIMIT_REACHED',
        `expected at most ${entriesPerConnection} clients on one connection, got ${binding}`,
        { rule: 'presence-entries' },
      )
    }
    return counting > 0
  }

  #apply(entry: AwarenessEntry, member: PresenceMember, now: number): void {
    const known = this.#entries.get(entry.clientID)
    // Judged again, since an entry before it in the message may have been of the same client.
    const judgement = judge(entry, known, member)
    if (judgement === 'ignore') return
    if (judgement === 'claim') this.#claim(entry, member, now)
    else if (known === undefined) return
    else if (judgement === 'change') this.#change(known, entry, now)
    else if (judgement === 'remove') this.#leave(known, entry, now)
    else if (judgement === 'forget') this.#remind(member, now)
    else if (!this.#mayBind(member, entry.clientID)) this.#refusedEntries++
    else if (judgement === 'rebind') this.#rebind(known, entry, member, now)
    else this.#refuse(known, member)
  }

  #claim(entry: AwarenessEntry, member: PresenceMember, now: number): void {
    if (!this.#mayBind(member, entry.clientID) || !this.#hasRoom(undefined, entry.state)) {
      this.#refusedEntries++
      return
    }
    const isRelayed = member.hasSpoken && member.clientIDs.size > 0
    const { clientID } = entry
    const created = new PresenceEntry(clientID, member, isRelayed, this.#clock.at(now))
    this.#entries.set(clientID, created)
    this.#bind(created, member, now)
    created.inClock = entry.clock
    this.#setState(created, entry.state)
    created.phase = 'present'
    this.#showSoon(created, now)
  }

  #change(known: PresenceEntry, entry: AwarenessEntry, now: number): void {
    if (!this.#hasRoom(known, entry.state)) {
      this.#refusedEntries++
      return
    }
    known.inClock = entry.clock
    if (known.phase === 'present' && areEqual(known.state, entry.state)) return
    known.outClock = this.#clock.next(known.outClock, entry.clock, now)
    this.#setState(known, entry.state)
    this.#setPresent(known)
    this.#showSoon(known, now)
  }

  #leave(known: PresenceEntry, entry: AwarenessEntry, now: number): void {
    known.inClock = entry.clock
    known.outClock = this.#clock.next(known.outClock, entry.clock, now)
    this.#bury(known, now)
    this.#showSoon(known, now)
  }

  #rebind(known: PresenceEntry, entry: AwarenessEntry, member: PresenceMember, now: number): void {
    if (!this.#hasRoom(known, entry.state)) {
      this.#refusedEntries++
      return
    }
    const shownBefore = known.shownState
    known.passTo(member, member.hasSpoken && member.clientIDs.size > 0)
    this.#bind(known, member, now)
    known.inClock = entry.clock
    if (!areEqual(known.state, entry.state)) this.#setState(known, entry.state)
    this.#setPresent(known)
    if (areEqual(known.shownState, shownBefore)) return
    known.isChanged = true
    known.outClock = this.#clock.next(known.outClock, entry.clock, now)
    this.#showSoon(known, now)
  }

  /** The connection thinks it is this client, so it must not hear of the one who really is. */
  #refuse(known: PresenceEntry, member: PresenceMember): void {
    known.claimants.add(member)
    member.clientIDs.add(known.clientID)
    this.#refusedEntries++
  }

  /** Timed out on a machine that slept, or closed by another tab: y-websocket tells everybody. */
  #remind(member: PresenceMember, now: number): void {
    if (member.snapshotDebt !== 'none' || now < member.snapshotAt + remindMs) return
    member.snapshotDebt = 'due'
    this.#isSnapshotDue = true
  }

  #mayBind(member: PresenceMember, clientID: number): boolean {
    const { entriesPerConnection } = this.#options.limits
    const { clientIDs } = member
    return clientIDs.has(clientID) || clientIDs.size < orInfinity(entriesPerConnection)
  }

  #hasRoom(known: PresenceEntry | undefined, state: Uint8Array | undefined): boolean {
    const { entriesPerDocument, documentStateBytes } = this.#options.limits
    const isNew = known === undefined || known.phase === 'removed'
    if (isNew && this.presentCount >= orInfinity(entriesPerDocument)) return false
    const growth = (state?.byteLength ?? 0) - (known?.stateBytes ?? 0)
    return growth <= 0 || this.#stateBytes + growth <= orInfinity(documentStateBytes)
  }

  /** Notes whose the entry is, and drops what the same tab left behind under another clientID. */
  #bind(entry: PresenceEntry, member: PresenceMember, now: number): void {
    member.clientIDs.add(entry.clientID)
    if (member.tabKey === undefined) return
    const ofTab = this.#tabs.get(member.tabKey) ?? new Set()
    this.#tabs.set(member.tabKey, ofTab)
    for (const other of ofTab) if (other.member !== member) this.#remove(other, now)
    ofTab.add(entry)
  }

  #setState(entry: PresenceEntry, state: Uint8Array | undefined): void {
    this.#stateBytes -= entry.stateBytes
    entry.setState(state)
    this.#stateBytes += entry.stateBytes
    entry.isChanged = true
  }

  #setPresent(entry: PresenceEntry): void {
    this.#tombstones.delete(entry)
    this.#graces.delete(entry)
    if (entry.phase === 'away') this.#notePhase(entry)
    entry.phase = 'present'
  }

  #startGrace(entry: PresenceEntry, now: number): void {
    entry.phase = 'away'
    entry.expiresAt = now + this.#graceMs
    this.#graces.add(entry)
    this.#notePhase(entry)
  }

  #notePhase(entry: PresenceEntry): void {
    entry.phaseVersion = ++this.#version
    this.#dirty.add(entry)
  }

  /** Removes by the server's own decision. */
  #remove(entry: PresenceEntry, now: number): void {
    if (entry.phase === 'removed') return
    entry.outClock++
    this.#bury(entry, now)
    this.#putOut(entry, now)
  }

  #bury(entry: PresenceEntry, now: number): void {
    this.#graces.delete(entry)
    this.#setState(entry, undefined)
    entry.phase = 'removed'
    entry.expiresAt = now + this.#options.timings.tombstoneMs
    this.#tombstones.add(entry)
    const { tabKey } = entry.member
    if (tabKey !== undefined) this.#leaveTab(tabKey, entry)
    const [oldest] = this.#tombstones
    const isOver = this.#tombstones.size > orInfinity(this.#options.limits.entriesPerDocument)
    if (isOver && oldest !== undefined) this.#free(oldest)
  }

  #leaveTab(tabKey: string, entry: PresenceEntry): void {
    const ofTab = this.#tabs.get(tabKey)
    ofTab?.delete(entry)
    if (ofTab?.size === 0) this.#tabs.delete(tabKey)
  }

  #free(entry: PresenceEntry): void {
    this.#tombstones.delete(entry)
    this.#withheld.delete(entry)
    this.#entries.delete(entry.clientID)
    entry.member.clientIDs.delete(entry.clientID)
    for (const claimant of entry.claimants) claimant.clientIDs.delete(entry.clientID)
  }

  /** Puts a client's change out, or lets it wait for its turn. */
  #showSoon(entry: PresenceEntry, now: number): void {
    entry.releaseAt = now
    this.#withheld.add(entry)
    this.#show(entry, now)
  }

  #show(entry: PresenceEntry, now: number): void {
    if (entry.releaseAt !== undefined && entry.releaseAt > now) return
    const admittedAt = entry.member.admitChange(now, this.#options.limits.changesPerSecond)
    if (admittedAt > now) entry.releaseAt = admittedAt
    else this.#putOut(entry, now)
  }

  #putOut(entry: PresenceEntry, now: number): void {
    this.#withheld.delete(entry)
    entry.releaseAt = undefined
    entry.isOwed = true
    entry.shownAt = now
    entry.version = ++this.#version
    this.#dirty.add(entry)
    this.#renewAt ??= now + this.#options.timings.renewalMs
  }

  /** Shows again what was not shown for long, all in one message, since clients time out by it. */
  #renew(now: number): void {
    const { renewalMs } = this.#options.timings
    let oldest = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) {
      if (entry.phase === 'removed') continue
      if (entry.shownAt <= now - renewalMs * renewalShare) {
        entry.outClock++
        this.#putOut(entry, now)
      }
      oldest = Math.min(oldest, entry.shownAt)
    }
    this.#renewAt = oldest === Number.POSITIVE_INFINITY ? undefined : oldest + renewalMs
  }

  #endAnnouncement(member: PresenceMember): void {
    member.hasSpoken = true
    this.#unannounced.delete(member)
    if (member.snapshotDebt !== 'announcement') return
    member.snapshotDebt = 'due'
    this.#isSnapshotDue = true
  }

  /** All who are here, under clocks that no connection that asks now can have seen. */
  #encodeSnapshot(now: number): PresencePayload | undefined {
    const entries: PresenceEntry[] = []
    for (const entry of this.#entries.values()) {
      if (entry.phase === 'removed') continue
      entry.outClock = this.#clock.fresh(entry.outClock, now)
      entries.push(entry)
    }
    return entries.length === 0 ? undefined : new PresencePayload(entries)
  }

  #deliver(
    snapshot: PresencePayload | undefined,
    member: PresenceMember,
    now: number,
  ): Uint8Array | undefined {
    member.snapshotDebt = 'none'
    member.snapshotAt = now
    return snapshot?.forOwner(member.owner)
  }
}

/** What the embedding program hears of the way from the last flush to this one. */
function* eventsOf(entry: PresenceEntry): Generator<PresenceEvent['type']> {
  const { flushedPhase: before, phase } = entry
  if (before === 'removed' && phase !== 'removed') yield 'joined'
  else if (before !== 'removed' && phase === 'removed') yield 'left'
  else if (before === 'away' && phase === 'present') yield 'back'
  if (before !== 'removed' && phase !== 'removed' && entry.isChanged) yield 'updated'
  if (before !== 'away' && phase === 'away') yield 'away'
}

/** The first of a set, as an iterable of one or none. */
function* firstOf<Item>(items: ReadonlySet<Item>): Generator<Item> {
  for (const item of items) {
    yield item
    return
  }
}

function areEqual(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.byteLength !== other.byteLength) return false
  return Buffer.compare(one, other) === 0
}
