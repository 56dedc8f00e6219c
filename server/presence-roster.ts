import type { PresenceClock } from './presence-clock.js'
import { PresenceEntry } from './presence-entry.js'
import { orInfinity, type PresenceLimits } from './presence-limits.js'
import type { PresenceMember } from './presence-member.js'
import type { PresenceTimings } from './presence-options.js'

/** Entries not shown for this part of the renewal interval are renewed along with those due. */
const renewalShare = 0.5

/**
 * The clients of one document, and the only code that moves them from one phase to another:
 *
 *     (unknown) --> present <--> away
 *                      |  ^        |
 *                      v  |        v
 *                     removed <----+     --> (unknown), after `tombstoneMs`
 *
 * It keeps what must be shown next, and the times at which something happens by itself.
 */
export class PresenceRoster {
  readonly #clock: PresenceClock
  readonly #limits: PresenceLimits
  readonly #timings: PresenceTimings
  readonly #graceMs: number
  readonly #entries = new Map<number, PresenceEntry>()
  /** In the order in which they run out, since all run equally long. */
  readonly #graces = new Set<PresenceEntry>()
  readonly #tombstones = new Set<PresenceEntry>()
  /** Changes that came too fast. */
  readonly #withheld = new Set<PresenceEntry>()
  /** Changed since the last flush. */
  readonly #dirty = new Set<PresenceEntry>()
  readonly #tabs = new Map<string, Set<PresenceEntry>>()
  #stateBytes = 0
  #version = 0
  /** Not later than the time at which some entry must be renewed; undefined while nobody is here. */
  #renewAt: number | undefined

  constructor(
    clock: PresenceClock,
    options: {
      readonly limits: PresenceLimits
      readonly timings: PresenceTimings
      readonly graceMs: number
    },
  ) {
    this.#clock = clock
    this.#limits = options.limits
    this.#timings = options.timings
    this.#graceMs = options.graceMs
  }

  get(clientID: number): PresenceEntry | undefined {
    return this.#entries.get(clientID)
  }

  /** All that are known, the removed ones too. */
  values(): IterableIterator<PresenceEntry> {
    return this.#entries.values()
  }

  get away(): ReadonlySet<PresenceEntry> {
    return this.#graces
  }

  /** Clients that are here or in grace. */
  get presentCount(): number {
    return this.#entries.size - this.#tombstones.size
  }

  /** The same, and tombstones. */
  get knownCount(): number {
    return this.#entries.size
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  /** Counts everything that was put out. */
  get version(): number {
    return this.#version
  }

  /** When `tick` has something to do, at the earliest. */
  get nextDueAt(): number {
    let due = this.#renewAt ?? Number.POSITIVE_INFINITY
    const [grace] = this.#graces
    const [tombstone] = this.#tombstones
    if (grace !== undefined) due = Math.min(due, grace.expiresAt)
    if (tombstone !== undefined) due = Math.min(due, tombstone.expiresAt)
    for (const { releaseAt } of this.#withheld) due = Math.min(due, releaseAt)
    return due
  }

  tick(now: number): void {
    for (const entry of this.#graces) {
      if (entry.expiresAt > now) break
      this.remove(entry, now)
    }
    for (const entry of this.#tombstones) {
      if (entry.expiresAt > now) break
      this.#free(entry)
    }
    for (const entry of this.#withheld) if (entry.releaseAt <= now) this.#showInTurn(entry, now)
    if (this.#renewAt !== undefined && this.#renewAt <= now) this.#renew(now)
  }

  /** Whether the document's limits leave room for `state` under that entry, or under a new one. */
  hasRoom(entry: PresenceEntry | undefined, state: Uint8Array | undefined): boolean {
    const isNew = entry === undefined || entry.phase === 'removed'
    if (isNew && this.presentCount >= orInfinity(this.#limits.entriesPerDocument)) return false
    const growth = (state?.byteLength ?? 0) - (entry?.stateBytes ?? 0)
    return growth <= 0 || this.#stateBytes + growth <= orInfinity(this.#limits.documentStateBytes)
  }

  /** A client that nobody knew. It is in no phase yet. */
  add(clientID: number, member: PresenceMember, isRelayed: boolean, now: number): PresenceEntry {
    const entry = new PresenceEntry(clientID, member, isRelayed, this.#clock.at(now))
    this.#entries.set(clientID, entry)
    this.#bind(entry, now)
    return entry
  }

  /** Another connection speaks for the client from now on. */
  pass(entry: PresenceEntry, member: PresenceMember, isRelayed: boolean, now: number): void {
    this.#leaveTab(entry)
    entry.passTo(member, isRelayed)
    this.#bind(entry, now)
  }

  setState(entry: PresenceEntry, state: Uint8Array | undefined): void {
    this.#stateBytes -= entry.stateBytes
    entry.setState(state)
    this.#stateBytes += entry.stateBytes
    entry.isChanged = true
  }

  setPresent(entry: PresenceEntry, now: number): void {
    if (this.#tombstones.delete(entry)) this.#bind(entry, now)
    if (this.#graces.delete(entry)) this.#notePhase(entry)
    entry.phase = 'present'
  }

  /** Its connection is lost: it stays for the grace period, if there is one. */
  lose(entry: PresenceEntry, now: number): void {
    if (this.#graceMs === 0) {
      this.remove(entry, now)
      return
    }
    entry.phase = 'away'
    entry.expiresAt = now + this.#graceMs
    this.#graces.add(entry)
    this.#notePhase(entry)
  }

  /** Takes the entry out by the server's own decision. */
  remove(entry: PresenceEntry, now: number): void {
    if (entry.phase === 'removed') return
    entry.outClock++
    this.bury(entry, now)
    this.#putOut(entry, now)
  }

  /** Leaves the tombstone; that the client is gone is still to be shown. */
  bury(entry: PresenceEntry, now: number): void {
    this.#graces.delete(entry)
    this.setState(entry, undefined)
    entry.phase = 'removed'
    entry.expiresAt = now + this.#timings.tombstoneMs
    this.#tombstones.add(entry)
    this.#leaveTab(entry)
    const [oldest] = this.#tombstones
    const isOver = this.#tombstones.size > orInfinity(this.#limits.entriesPerDocument)
    if (isOver && oldest !== undefined) this.#free(oldest)
  }

  /** Puts a client's change out, or lets it wait where its connection changes too much too fast. */
  show(entry: PresenceEntry, now: number): void {
    this.#withheld.add(entry)
    this.#showInTurn(entry, now)
  }

  /** What changed since this was last called, in the order in which it changed first. */
  takeDirty(): PresenceEntry[] {
    const dirty = [...this.#dirty]
    this.#dirty.clear()
    return dirty
  }

  #showInTurn(entry: PresenceEntry, now: number): void {
    const allowedAt = entry.member.admitChange(now, this.#limits.changesPerSecond)
    if (allowedAt > now) entry.releaseAt = allowedAt
    else this.#putOut(entry, now)
  }

  #putOut(entry: PresenceEntry, now: number): void {
    this.#withheld.delete(entry)
    entry.isOwed = true
    entry.shownAt = now
    entry.version = ++this.#version
    this.#dirty.add(entry)
    this.#renewAt ??= now + this.#timings.renewalMs
  }

  #notePhase(entry: PresenceEntry): void {
    entry.phaseVersion = ++this.#version
    this.#dirty.add(entry)
  }

  /** Notes whose the entry is, and drops what the same tab left behind under another clientID. */
  #bind(entry: PresenceEntry, now: number): void {
    const { member } = entry
    member.clientIDs.add(entry.clientID)
    if (member.tabKey === undefined) return
    const ofTab = this.#tabs.get(member.tabKey) ?? new Set()
    for (const other of ofTab) if (other.member !== member) this.remove(other, now)
    this.#tabs.set(member.tabKey, ofTab.add(entry))
  }

  #leaveTab(entry: PresenceEntry): void {
    const { tabKey } = entry.member
    if (tabKey === undefined) return
    const ofTab = this.#tabs.get(tabKey)
    ofTab?.delete(entry)
    if (ofTab?.size === 0) this.#tabs.delete(tabKey)
  }

  #free(entry: PresenceEntry): void {
    this.#tombstones.delete(entry)
    if (this.#withheld.delete(entry)) {
      entry.isOwed = true
      this.#dirty.add(entry)
    }
    this.#entries.delete(entry.clientID)
    entry.member.clientIDs.delete(entry.clientID)
    for (const claimant of entry.claimants) claimant.clientIDs.delete(entry.clientID)
  }

  /** Shows again what was not shown for long, all in one message, since clients time out by it. */
  #renew(now: number): void {
    const { renewalMs } = this.#timings
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
}
