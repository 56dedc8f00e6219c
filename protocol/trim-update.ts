import { ByteWriter, varUintLength } from './byte-writer.js'
import { INFO_SKIP, StructReader } from './struct-reader.js'
import { runCapacity, type StructRun, writeRun } from './struct-run.js'
import type { UpdateScan } from './update-scan.js'

/**
 * Leaves out of an update the clocks that a document knows: whole structs, and the first part of a
 * struct that goes on above them. What remains is what `Y.diffUpdate` makes of it: structs are cut
 * as Yjs cuts them when it answers a state vector, all else is copied, the delete set whole. Where
 * no section begins below what is known, the result is `update` itself.
 *
 * Honest clients send such updates, since Yjs joins what was typed in a row into one struct. An
 * update that was made up may lay a struct over clocks that others hold as collected; integrating
 * that would make every Y.Doc throw, and what is cut here never does.
 * @param update the bytes of which `scan` is the scan
 * @param known the end of the contiguous clocks known of a client; 0 for a stranger
 */
export function trimUpdate(
  update: Uint8Array,
  scan: UpdateScan,
  known: (client: number) => number,
): Uint8Array {
  if (!beginsBelow(scan, known)) return update
  const reader = new StructReader()
  reader.reset(update)
  const runs: StructRun[] = []
  let capacity = scan.byteLength - scan.deleteSetStart
  for (let index = 0; index < scan.sectionCount; index++) {
    const knownEnd = known(scan.sectionClient[index] as number)
    if ((scan.sectionTo[index] as number) <= knownEnd) continue
    const run = newStructs(reader, scan, index, knownEnd)
    runs.push(run)
    capacity += runCapacity(run)
  }
  const writer = new ByteWriter(varUintLength(runs.length) + capacity)
  writer.writeVarUint(runs.length)
  for (const run of runs) writeRun(reader, run, writer)
  writer.writeBytes(update.subarray(scan.deleteSetStart))
  return writer.finish()
}

function beginsBelow(scan: UpdateScan, known: (client: number) => number): boolean {
  for (let index = 0; index < scan.sectionCount; index++) {
    if ((scan.sectionFrom[index] as number) < known(scan.sectionClient[index] as number))
      return true
  }
  return false
}

/** What the section has above `knownEnd`, where it does go on above it. */
function newStructs(
  reader: StructReader,
  scan: UpdateScan,
  index: number,
  knownEnd: number,
): StructRun {
  reader.position = scan.sectionStart[index] as number
  let structs = reader.readVarUint()
  const client = reader.readVarUint()
  let clock = reader.readVarUint()
  let start = reader.position
  // No section may begin with a Skip, so that one there goes too, however far it reaches.
  while (clock < knownEnd || reader.bytes[start] === INFO_SKIP) {
    const after = clock + reader.readStruct(client, clock)
    if (after > knownEnd && !reader.isSkip) break
    clock = after
    start = reader.position
    structs--
  }
  const cut = Math.max(0, knownEnd - clock)
  const end = scan.sectionEnd[index] as number
  return { client, clock: clock + cut, cut, structs, start, end }
}
