import { ByteWriter, varUintLength } from './byte-writer.js'
import { SectionAdvance } from './section-advance.js'
import { StructReader } from './struct-reader.js'
import { runCapacity, type StructRun, writeRun } from './struct-run.js'
import type { UpdateScan } from './update-scan.js'

/** A clock that must be known before something that is held can be admitted. */
export interface MissingClock {
  readonly client: number
  /** Admission needs `known(client)` to be above this. */
  readonly clock: number
}

export interface SplitUpdate {
  /** What can be admitted now, as an update; undefined where nothing can. */
  readonly complete: Uint8Array | undefined
  /** What waits for its past, as an update; undefined where nothing does. */
  readonly rest: Uint8Array | undefined
  /**
   * For each client the lowest clock that a part of the rest waits for. Unless one of them becomes
   * known, another split of the rest admits nothing.
   */
  readonly missing: readonly MissingClock[]
}

/** Delete ranges [from, to) of one client, one after the other: from, to, from, to … */
interface ClientDeletes {
  readonly client: number
  readonly bounds: number[]
}

/**
 * Whether every struct and every deletion of the update lies on what is known or on the update's
 * own sections, so that all of it can be admitted: as `trimUpdate` leaves it, which is as it is
 * where it begins below nothing known. False also for updates that refer to new clocks of their
 * own, which `splitUpdate` may well find complete.
 * @param known the end of the contiguous clocks known of a client; 0 for a stranger
 */
export function isComplete(scan: UpdateScan, known: (client: number) => number): boolean {
  if (scan.hasSkips) return false
  for (let index = 0; index < scan.sectionCount; index++) {
    const client = scan.sectionClient[index] as number
    if ((scan.sectionFrom[index] as number) > known(client)) return false
  }
  for (let index = 0; index < scan.dependencyCount; index++) {
    const client = scan.dependencyClient[index] as number
    if ((scan.dependencyClock[index] as number) >= known(client)) return false
  }
  for (let index = 0; index < scan.deleteCount; index++) {
    const client = scan.deleteClient[index] as number
    const to = scan.deleteTo[index] as number
    if (to > known(client) && to > sectionEndOf(scan, client)) return false
  }
  return true
}

/** Clock after the client's section; 0 where it has none. Sections descend by client. */
function sectionEndOf(scan: UpdateScan, client: number): number {
  let low = 0
  let high = scan.sectionCount
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((scan.sectionClient[middle] as number) > client) low = middle + 1
    else high = middle
  }
  const isFound = low < scan.sectionCount && scan.sectionClient[low] === client
  return isFound ? (scan.sectionTo[low] as number) : 0
}

/**
 * Splits an update into what can be admitted and what waits for its past, as Y.Doc would integrate
 * the one and keep the other pending. Admitted are, to a fixed point, whole structs from the front
 * of each client's section that continue what is known and refer only to what is known, and the
 * delete ranges over clocks that are then known. Structs whose clocks are all known are left out of
 * both; delete ranges over known clocks always count as admissible, whether or not they add
 * anything. A struct whose first clocks are known is admitted without them, as `trimUpdate` cuts
 * it, and held whole.
 *
 * All else is copied, not re-encoded. Where nothing is left out, the result is `update` itself.
 * @param update the bytes of which `scan` is the scan
 * @param known the end of the contiguous clocks known of a client; 0 for a stranger
 */
export function splitUpdate(
  update: Uint8Array,
  scan: UpdateScan,
  known: (client: number) => number,
): SplitUpdate {
  const advance = new SectionAdvance(update, scan, known)
  advance.run()
  const missing = new LowestClocks()
  const admitted = advance.admitted()
  const held = advance.held((client, clock) => missing.add(client, clock))
  const completeDeletes: ClientDeletes[] = []
  const restDeletes: ClientDeletes[] = []
  for (let index = 0; index < scan.deleteCount; index++) {
    const client = scan.deleteClient[index] as number
    const from = scan.deleteFrom[index] as number
    const to = scan.deleteTo[index] as number
    const end = Math.min(to, Math.max(from, advance.reachOf(client)))
    if (end > from) addRange(completeDeletes, client, from, end)
    if (to > end) {
      addRange(restDeletes, client, end, to)
      missing.add(client, end)
    }
  }
  return {
    complete: assemble(update, scan, admitted, completeDeletes),
    rest: assemble(update, scan, held, restDeletes),
    missing: missing.toArray(),
  }
}

class LowestClocks {
  readonly #clocks = new Map<number, number>()

  add(client: number, clock: number): void {
    const lowest = this.#clocks.get(client)
    if (lowest === undefined || clock < lowest) this.#clocks.set(client, clock)
  }

  toArray(): MissingClock[] {
    return Array.from(this.#clocks, ([client, clock]) => ({ client, clock }))
  }
}

function addRange(deletes: ClientDeletes[], client: number, from: number, to: number): void {
  const last = deletes.at(-1)
  if (last?.client === client) last.bounds.push(from, to)
  else deletes.push({ client, bounds: [from, to] })
}

/** An update of these structs and deletions; undefined where there are none. */
function assemble(
  update: Uint8Array,
  scan: UpdateScan,
  runs: readonly StructRun[],
  deletes: readonly ClientDeletes[],
): Uint8Array | undefined {
  if (runs.length === 0 && deletes.length === 0) return undefined
  if (coversStructs(scan, runs) && coversDeletes(scan, deletes)) return update
  const writer = new ByteWriter(updateCapacity(runs, deletes))
  const reader = new StructReader()
  reader.reset(update)
  writer.writeVarUint(runs.length)
  for (const run of runs) writeRun(reader, run, writer)
  writer.writeVarUint(deletes.length)
  for (const { client, bounds } of deletes) {
    writer.writeVarUint(client)
    writer.writeVarUint(bounds.length / 2)
    for (let index = 0; index < bounds.length; index += 2) {
      const from = bounds[index] as number
      writer.writeVarUint(from)
      writer.writeVarUint((bounds[index + 1] as number) - from)
    }
  }
  return writer.finish()
}

/** Whether these are all the structs of the update, none cut. */
function coversStructs(scan: UpdateScan, runs: readonly StructRun[]): boolean {
  let count = 0
  for (const { cut, structs } of runs) {
    if (cut > 0) return false
    count += structs
  }
  return count === scan.structCount
}

/** Whether these are all the deletions of the update, none cut. They come in its order. */
function coversDeletes(scan: UpdateScan, deletes: readonly ClientDeletes[]): boolean {
  let index = 0
  for (const { bounds } of deletes) {
    for (let bound = 0; bound < bounds.length; bound += 2) {
      if (bounds[bound] !== scan.deleteFrom[index]) return false
      if (bounds[bound + 1] !== scan.deleteTo[index]) return false
      index++
    }
  }
  return index === scan.deleteCount
}

function updateCapacity(runs: readonly StructRun[], deletes: readonly ClientDeletes[]): number {
  let length = varUintLength(runs.length) + varUintLength(deletes.length)
  for (const run of runs) length += runCapacity(run)
  for (const { client, bounds } of deletes) {
    length += varUintLength(client) + varUintLength(bounds.length / 2)
    for (let index = 0; index < bounds.length; index += 2) {
      const from = bounds[index] as number
      length += varUintLength(from) + varUintLength((bounds[index + 1] as number) - from)
    }
  }
  return length
}
