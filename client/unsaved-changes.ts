import * as Y from 'yjs'
import { decodeStateVector } from '../protocol/state-vector.js'
import { ProviderError } from './provider-error.js'

/** Beyond so many updates they are merged into one. */
const mergeAbove = 500
/** Bytes of updates that are kept; beyond, a whole sync step 2 takes their place. */
const maxBytes = 4 * 1_048_576

/** One change of the Y.Doc that no server has acknowledged, or several that became one. */
interface Entry {
  changes: number
  update: Uint8Array
  /** The frame of the present connection that carried it. */
  frame: number | undefined
  /** The other tab that made it and will send it; undefined for a change of this tab. */
  readonly tab: string | undefined
  /** Its number among the changes of its tab; of several, the first. */
  readonly number: number
}

/**
 * What this Y.Doc has that the server has not acknowledged.
 *
 * 1. A change leaves only when the server has acknowledged a frame that carried it: for a change that
 *    may have been lost with its connection, a frame of a later one.
 * 2. The updates of all entries together are everything that the server may lack, unless
 *    `needsEverything`: then only a whole sync step 2 is.
 * 3. What the server refused is no longer counted as unsaved, and nothing is saved while there is any.
 */
export class UnsavedChanges {
  #entries: Entry[] = []
  #rejected = 0
  #rejection: ProviderError | undefined
  #isKnown = false
  /** Whether the Y.Doc may hold what came from a server that has it no more. */
  #mayHoldMore = false
  #needsEverything = true
  /** Entries that no frame of the present connection carries. */
  #waiting = 0
  #waitingBytes = 0
  #isAcknowledging = true
  /** The frame of the present connection that carries everything, or all that was unsaved then. */
  #coveringFrame: { readonly frame: number; readonly isEverything: boolean } | undefined

  /** Changes that wait to be acknowledged. */
  get count(): number {
    let count = 0
    for (const entry of this.#entries) count += entry.changes
    return count
  }

  /** Changes that the server refused and that are still in the Y.Doc. */
  get rejected(): number {
    return this.#rejected
  }

  /** Why it refused the last of them; undefined while there are none. */
  get rejection(): ProviderError | undefined {
    return this.#rejection
  }

  /** Whether the server has acknowledged everything that the Y.Doc holds. */
  get isSaved(): boolean {
    return this.#isKnown && this.#entries.length === 0 && this.#rejected === 0
  }

  /** Whether one more that waits would make one of all of them, which nobody can send by itself. */
  get isCrowded(): boolean {
    return this.#waiting >= mergeAbove || this.#waitingBytes > maxBytes / 2
  }

  /** Whether only a sync step 2 with all of the Y.Doc says what the server may lack. */
  get needsEverything(): boolean {
    return this.#needsEverything
  }

  /**
   * A change was made here.
   * @param number its number among the changes of this tab
   * @param frame that carried it, where it could be sent at once
   */
  add(update: Uint8Array, number: number, frame: number | undefined): void {
    if (!this.#isAcknowledging) {
      this.#unacknowledged(1)
      return
    }
    this.#entries.push({ changes: 1, update, frame, tab: undefined, number })
    if (frame === undefined) this.#waits(update)
  }

  /** Another tab made a change, which it will send by itself. */
  addOfTab(tab: string, number: number, update: Uint8Array): void {
    if (!this.#isAcknowledging) return
    this.#entries.push({ changes: 1, update, frame: undefined, tab, number })
    this.#waits(update)
  }

  /**
   * Whether the server will say what is durable. Where it never does, changes are only counted: to
   * keep them all would keep them for ever.
   */
  setAcknowledging(isAcknowledging: boolean): void {
    if (this.#isAcknowledging === isAcknowledging) return
    this.#isAcknowledging = isAcknowledging
    if (isAcknowledging) return
    const { count } = this
    this.#entries = []
    this.#countWaiting()
    this.forgetWhatIsSaved()
    if (count > 0) this.#unacknowledged(count)
  }

  /** Nothing of this Y.Doc is its own: all of it came from a server whose word is its durability. */
  hasNothingOfItsOwn(): void {
    const isServers = this.#entries.length === 0 && this.#rejected === 0 && !this.#mayHoldMore
    if (isServers) this.#isKnown = true
  }

  /** The last of the changes of this tab before which none is unsaved; `last` where none is. */
  ownSavedThrough(last: number): number {
    let through = last
    for (const { tab, number } of this.#entries) {
      if (tab === undefined) through = Math.min(through, number - 1)
    }
    return through
  }

  /** The other tab says that the server has its changes through `number`. */
  savedByTab(tab: string, number: number): void {
    this.#entries = this.#entries.filter((entry) => entry.tab !== tab || entry.number > number)
    this.#countWaiting()
  }

  /**
   * The changes of other tabs, or of one, which nobody has sent from here; marks them as sent.
   * @param send returns the frame, or why the server would not take it: then it is refused
   */
  takeUnsentOfTabs(
    send: (update: Uint8Array) => number | ProviderError | undefined,
    tab?: string,
  ): RefusedChanges[] {
    const refused: RefusedChanges[] = []
    this.#entries = this.#entries.filter((entry) => {
      const isMeant = entry.tab !== undefined && (tab === undefined || entry.tab === tab)
      if (!isMeant || entry.frame !== undefined) return true
      const sent = send(entry.update)
      if (sent instanceof ProviderError) refused.push({ error: sent, changes: entry.changes })
      else entry.frame = sent
      return !(sent instanceof ProviderError)
    })
    this.#countWaiting()
    for (const { error, changes } of refused) this.#refuseUnsent(changes, error)
    return refused
  }

  /**
   * What to answer the server's sync step 1 with: only what is unsaved where that is known to be all
   * that the server lacks, else everything.
   */
  answer(doc: Y.Doc, serverStateVector: Uint8Array): SyncAnswer {
    if (!this.#needsEverything) {
      const update = mergeAll(this.#entries.map((entry) => entry.update))
      if (completes(doc, serverStateVector, update)) return { update, isEverything: false }
    }
    return { update: Y.encodeStateAsUpdate(doc, serverStateVector), isEverything: true }
  }

  /** The answer went out in `frame`. */
  sentAnswer(frame: number, isEverything: boolean): void {
    for (const entry of this.#entries) entry.frame = frame
    this.#countWaiting()
    this.#coveringFrame = { frame, isEverything }
  }

  /** The first `count` frames of this connection are durable, but for those that were refused. */
  acknowledge(count: number): void {
    if (!this.#isAcknowledging) return
    this.#entries = this.#entries.filter(({ frame }) => frame === undefined || frame > count)
    const covering = this.#coveringFrame
    if (covering === undefined || covering.frame > count) return
    this.#coveringFrame = undefined
    if (!covering.isEverything) return
    this.#isKnown = true
    this.#needsEverything = false
    this.#rejected = 0
    this.#rejection = undefined
  }

  /** The server refused a frame; what it carried will not be saved unless it is sent anew. */
  reject(frame: number, error: ProviderError): number {
    let changes = 0
    this.#entries = this.#entries.filter((entry) => {
      if (entry.frame !== frame) return true
      changes += entry.changes
      return false
    })
    const covering = this.#coveringFrame
    if (covering?.frame === frame && this.#rejected === 0) changes = Math.max(changes, 1)
    // An answer that went out before has none of it, and settles nothing when it is acknowledged.
    if (covering !== undefined && covering.frame <= frame) this.#coveringFrame = undefined
    if (changes > 0) this.#refuse(changes, error)
    return changes
  }

  /** A change that is not even sent, since the server would refuse it. */
  addRejected(error: ProviderError): void {
    this.#refuseUnsent(1, error)
  }

  /** The changes that wait will not be sent, those of other tabs neither. @returns how many they are */
  refuseWaiting(error: ProviderError): number {
    let changes = 0
    this.#entries = this.#entries.filter((entry) => {
      if (entry.frame !== undefined) return true
      changes += entry.changes
      return false
    })
    this.#countWaiting()
    if (changes > 0) this.#refuseUnsent(changes, error)
    return changes
  }

  /** Frames that are on their way may be lost; another connection counts anew. */
  connectionLost(): void {
    for (const entry of this.#entries) entry.frame = undefined
    this.#coveringFrame = undefined
    this.#countWaiting()
    this.#limitWaiting()
  }

  /** What the server has of before is not certain any more. */
  forgetWhatIsSaved(): void {
    this.#isKnown = false
    this.#needsEverything = true
    this.#mayHoldMore = true
  }

  /** No answer that is on its way has them, so none settles them. */
  #refuseUnsent(changes: number, error: ProviderError): void {
    this.#coveringFrame = undefined
    this.#refuse(changes, error)
  }

  #refuse(changes: number, error: ProviderError): void {
    this.#rejected += changes
    this.#rejection = error
    // Without what was refused the later ones have a hole in their past.
    this.#needsEverything = true
  }

  #unacknowledged(changes: number): void {
    const [entry] = this.#entries
    if (entry === undefined) {
      this.#entries = [{ changes, update: noUpdate, frame: 0, tab: undefined, number: 0 }]
    } else {
      entry.changes += changes
    }
  }

  #countWaiting(): void {
    this.#waiting = 0
    this.#waitingBytes = 0
    for (const { frame, update } of this.#entries) {
      if (frame !== undefined) continue
      this.#waiting++
      this.#waitingBytes += update.byteLength
    }
  }

  #waits(update: Uint8Array): void {
    this.#waiting++
    this.#waitingBytes += update.byteLength
    this.#limitWaiting()
  }

  #limitWaiting(): void {
    if (this.#waiting > mergeAbove || this.#waitingBytes > maxBytes) this.#merge()
  }

  /** What no frame carries becomes one entry; what a frame carries waits for its own word. */
  #merge(): void {
    const waiting = this.#entries.filter(({ frame }) => frame === undefined)
    const sent = this.#entries.filter(({ frame }) => frame !== undefined)
    let changes = 0
    let number = Number.MAX_SAFE_INTEGER
    for (const entry of waiting) {
      changes += entry.changes
      // Those of other tabs become this tab's to send.
      if (entry.tab === undefined) number = Math.min(number, entry.number)
    }
    let update = mergeAll(waiting.map((entry) => entry.update))
    // What is nearly too much would be merged again with every change that follows.
    if (update.byteLength > maxBytes / 2) {
      update = noUpdate
      this.#needsEverything = true
    }
    this.#entries = [{ changes, update, frame: undefined, tab: undefined, number }, ...sent]
    this.#waiting = 1
    this.#waitingBytes = update.byteLength
  }
}

/** What will not be saved, and why. */
export interface RefusedChanges {
  readonly error: ProviderError
  readonly changes: number
}

export interface SyncAnswer {
  readonly update: Uint8Array
  /** Whether it has everything that the server lacks by its state vector, and all deletes. */
  readonly isEverything: boolean
}

/** An update that says nothing. */
export const noUpdate: Uint8Array = Uint8Array.of(0, 0)

function mergeAll(updates: readonly Uint8Array[]): Uint8Array {
  const [first] = updates
  if (first === undefined) return noUpdate
  return updates.length === 1 ? first : Y.mergeUpdates([...updates])
}

/** Whether the server has all structs of `doc` once it has taken `update`. */
function completes(doc: Y.Doc, serverStateVector: Uint8Array, update: Uint8Array): boolean {
  const server = decodeStateVector(serverStateVector)
  const { from, to } = Y.parseUpdateMeta(update)
  for (const [client, end] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
    const known = server.get(client) ?? 0
    if (known >= end) continue
    if ((from.get(client) ?? end) > known || (to.get(client) ?? 0) < end) return false
  }
  return true
}
