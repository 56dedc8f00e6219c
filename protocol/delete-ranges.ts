import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { ClockIntervals } from './clock-intervals.js'
import { readDeleteSet } from './delete-set.js'
import type { UpdateScan } from './update-scan.js'

/** Up to so many ranges are added one by one; more are gathered by client first. */
const FEW_RANGES = 4

/**
 * Which clocks are deleted: for each client the disjoint intervals [from, to), in order. This is
 * the half of a document's state that a state vector does not tell.
 */
export class DeleteRanges {
  readonly #clients = new Map<number, ClockIntervals>()
  #rangeCount = 0
  #encoded: Uint8Array | undefined

  /**
   * Reads a v1 delete set: what `encode` makes, and what ends every update. There is no limit but
   * the bytes, so that a document can always be read as far as it has grown.
   * @throws MALFORMED_UPDATE
   */
  static decode(bytes: Uint8Array): DeleteRanges {
    const reader = new ByteReader('MALFORMED_UPDATE', bytes)
    const gathered = new GatheredRanges()
    readDeleteSet(reader, (client, from, to) => gathered.push(client, from, to))
    reader.expectEnd()
    const ranges = new DeleteRanges()
    gathered.addTo(ranges)
    return ranges
  }

  /** The ranges of client, from, to, client, from, to …, none empty, in any order. */
  static of(triples: readonly number[]): DeleteRanges {
    const ranges = new DeleteRanges()
    ranges.addTriples(triples)
    return ranges
  }

  /** How many intervals there are, over all clients. */
  get rangeCount(): number {
    return this.#rangeCount
  }

  /** Whether anything of this client is deleted. */
  has(clientID: number): boolean {
    return this.#clients.has(clientID)
  }

  /** Whether every clock of [from, to) is deleted. */
  covers(client: number, from: number, to: number): boolean {
    return this.#clients.get(client)?.covers(from, to) ?? from >= to
  }

  /** Deletes [from, to); returns whether that added anything. */
  add(client: number, from: number, to: number): boolean {
    if (from >= to) return false
    const intervals = this.#intervalsOf(client)
    const before = intervals.count
    return this.#note(intervals.add(from, to), intervals.count - before)
  }

  /** Deletes the ranges [from[i], to[i]), none empty, in any order: linear but for a sort. */
  addMany(client: number, from: readonly number[], to: readonly number[]): boolean {
    if (from.length === 0) return false
    const intervals = this.#intervalsOf(client)
    const before = intervals.count
    return this.#note(intervals.addMany(from, to), intervals.count - before)
  }

  /** Deletes the ranges of client, from, to, client, from, to …, none empty, in any order. */
  addTriples(triples: readonly number[]): boolean {
    const gathered = triples.length > 3 * FEW_RANGES ? new GatheredRanges() : undefined
    let added = false
    for (let index = 0; index + 2 < triples.length; index += 3) {
      const client = triples[index] as number
      const from = triples[index + 1] as number
      const to = triples[index + 2] as number
      if (gathered !== undefined) gathered.push(client, from, to)
      else if (this.add(client, from, to)) added = true
    }
    return gathered === undefined ? added : gathered.addTo(this)
  }

  /** Deletes everything that `other` deletes, in one pass; returns whether that added anything. */
  addAll(other: DeleteRanges): boolean {
    let added = false
    for (const [client, others] of other.#clients) {
      const intervals = this.#intervalsOf(client)
      const before = intervals.count
      if (this.#note(intervals.addAll(others), intervals.count - before)) added = true
    }
    return added
  }

  /**
   * How many intervals more there would be with `other`; below 0 where it joins more than it adds.
   * Asks for each interval of `other` where it would go, and walks none of its own.
   */
  growthBy(other: DeleteRanges): number {
    let growth = 0
    for (const [client, others] of other.#clients) {
      growth += this.#clients.get(client)?.growthBy(others) ?? others.count
    }
    return growth
  }

  /** Deletes every range of the scanned update; returns whether that added anything. */
  addScan(scan: UpdateScan): boolean {
    const { deleteCount, deleteClient, deleteFrom, deleteTo } = scan
    const gathered = deleteCount > FEW_RANGES ? new GatheredRanges() : undefined
    let added = false
    for (let index = 0; index < deleteCount; index++) {
      const client = deleteClient[index] as number
      const from = deleteFrom[index] as number
      const to = deleteTo[index] as number
      if (gathered !== undefined) gathered.push(client, from, to)
      else if (this.add(client, from, to)) added = true
    }
    return gathered === undefined ? added : gathered.addTo(this)
  }

  /** The v1 delete set that Yjs writes: clients in descending order. Made once per change. */
  encode(): Uint8Array {
    this.#encoded ??= this.#encode()
    return this.#encoded
  }

  clone(): DeleteRanges {
    const clone = new DeleteRanges()
    for (const [client, intervals] of this.#clients) clone.#clients.set(client, intervals.clone())
    clone.#rangeCount = this.#rangeCount
    clone.#encoded = this.#encoded
    return clone
  }

  equals(other: DeleteRanges): boolean {
    if (other.#rangeCount !== this.#rangeCount) return false
    if (other.#clients.size !== this.#clients.size) return false
    for (const [client, intervals] of this.#clients) {
      const others = other.#clients.get(client)
      if (others === undefined || !others.equals(intervals)) return false
    }
    return true
  }

  /** Whether everything that `other` deletes is deleted here. */
  includes(other: DeleteRanges): boolean {
    for (const [client, others] of other.#clients) {
      const intervals = this.#clients.get(client)
      if (intervals === undefined || !intervals.includes(others)) return false
    }
    return true
  }

  /** Visits each interval; those of one client together and in order. */
  forEach(visit: (client: number, from: number, to: number) => void): void {
    for (const [client, intervals] of this.#clients) {
      intervals.forEach((from, to) => {
        visit(client, from, to)
      })
    }
  }

  #intervalsOf(client: number): ClockIntervals {
    let intervals = this.#clients.get(client)
    if (intervals === undefined) {
      intervals = new ClockIntervals()
      this.#clients.set(client, intervals)
    }
    return intervals
  }

  #note(added: boolean, moreIntervals: number): boolean {
    this.#rangeCount += moreIntervals
    if (added) this.#encoded = undefined
    return added
  }

  #encode(): Uint8Array {
    const clients = Float64Array.from(this.#clients.keys()).sort().reverse()
    const writer = new ByteWriter(8 + clients.length * 8 + this.#rangeCount * 4)
    writer.writeVarUint(clients.length)
    for (const client of clients) {
      const intervals = this.#intervalsOf(client)
      writer.writeVarUint(client)
      writer.writeVarUint(intervals.count)
      intervals.forEach((from, to) => {
        writer.writeVarUint(from)
        writer.writeVarUint(to - from)
      })
    }
    return writer.finish()
  }
}

/**
 * Ranges by client, so that a hostile order of clients and clocks costs no more than a good one.
 */
class GatheredRanges {
  readonly #clients = new Map<number, { readonly from: number[]; readonly to: number[] }>()

  push(client: number, from: number, to: number): void {
    const ranges = this.#clients.get(client)
    if (ranges === undefined) {
      this.#clients.set(client, { from: [from], to: [to] })
      return
    }
    ranges.from.push(from)
    ranges.to.push(to)
  }

  addTo(target: DeleteRanges): boolean {
    let added = false
    for (const [client, { from, to }] of this.#clients) {
      if (target.addMany(client, from, to)) added = true
    }
    return added
  }
}
