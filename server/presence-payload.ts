import { ByteWriter, varUintLength } from '../protocol/byte-writer.js'
import type { PresenceEntry } from './presence-entry.js'
import type { PresenceOwner } from './presence-owner.js'

const nullState = new TextEncoder().encode('null')
/** Two numbers below 2^53, and the state with its length. */
const maxRemovalBytes = 8 + 8 + 5

export interface Removal {
  readonly clientID: number
  readonly clock: number
}

/**
 * The content of one awareness message for all connections: encoded once, with a note of whose
 * entries lie where, so that each connection gets it without its own. A client takes a state of
 * itself under a greater clock for its newer one, so it must never be sent any.
 */
export class PresencePayload {
  readonly bytes: Uint8Array
  /** Where each entry begins, and at last where the last one ends. */
  readonly #bounds: readonly number[]
  /** Indexes of entries in ascending order. */
  readonly #hidden: ReadonlyMap<PresenceOwner, readonly number[]>

  constructor(entries: readonly PresenceEntry[]) {
    const bounds = [varUintLength(entries.length)]
    const hidden = new Map<PresenceOwner, number[]>()
    let end = bounds[0] ?? 0
    for (const [index, entry] of entries.entries()) {
      const { byteLength } = entry.shownState ?? nullState
      end += varUintLength(entry.clientID) + varUintLength(entry.outClock)
      end += varUintLength(byteLength) + byteLength
      bounds.push(end)
      hide(hidden, entry.member.owner, index)
      for (const claimant of entry.claimants) hide(hidden, claimant.owner, index)
    }
    const writer = new ByteWriter(end)
    writer.writeVarUint(entries.length)
    for (const entry of entries) {
      writeEntry(writer, entry.clientID, entry.outClock, entry.shownState ?? nullState)
    }
    this.bytes = writer.finish()
    this.#bounds = bounds
    this.#hidden = hidden
  }

  get isEmpty(): boolean {
    return this.#bounds.length === 1
  }

  /** Whether `owner` gets anything else than `bytes`. */
  concerns(owner: PresenceOwner): boolean {
    return this.#hidden.has(owner)
  }

  /**
   * The content without what `owner` must not see, `bytes` itself for most, and with `removals`
   * behind it; undefined if that is nothing.
   */
  forOwner(owner: PresenceOwner, removals: readonly Removal[] = []): Uint8Array | undefined {
    const hidden = this.#hidden.get(owner) ?? []
    if (hidden.length === 0 && removals.length === 0) return this.isEmpty ? undefined : this.bytes
    const count = this.#bounds.length - 1 - hidden.length + removals.length
    if (count === 0) return undefined
    const writer = new ByteWriter(this.bytes.byteLength + removals.length * maxRemovalBytes)
    writer.writeVarUint(count)
    let from = this.#bounds[0] ?? 0
    for (const index of hidden) {
      writer.writeBytes(this.bytes.subarray(from, this.#bounds[index]))
      from = this.#bounds[index + 1] ?? this.bytes.byteLength
    }
    writer.writeBytes(this.bytes.subarray(from))
    for (const { clientID, clock } of removals) writeEntry(writer, clientID, clock, nullState)
    return writer.finish()
  }
}

function writeEntry(writer: ByteWriter, clientID: number, clock: number, state: Uint8Array): void {
  writer.writeVarUint(clientID)
  writer.writeVarUint(clock)
  writer.writeVarBytes(state)
}

function hide(hidden: Map<PresenceOwner, number[]>, owner: PresenceOwner, index: number): void {
  const indexes = hidden.get(owner)
  if (indexes === undefined) hidden.set(owner, [index])
  else indexes.push(index)
}
