import { type ByteWriter, varUintLength } from './byte-writer.js'
import { cutContent } from './item-content.js'
import { HAS_ORIGIN, INFO_GC, type StructReader } from './struct-reader.js'

/** A run of structs of one section, of which the first may be cut. */
export interface StructRun {
  readonly client: number
  /** Clock where the run begins, after what is cut off. */
  readonly clock: number
  /** How many clocks of the first struct are cut off; fewer than it takes, 0 for a whole one. */
  readonly cut: number
  readonly structs: number
  /** Byte offsets of the first struct, whole, and after the last one. */
  readonly start: number
  readonly end: number
}

/** How many bytes `writeRun` takes: exact for whole structs, at least so many for a cut one. */
export function runCapacity({ client, clock, cut, structs, start, end }: StructRun): number {
  const header = varUintLength(structs) + varUintLength(client) + varUintLength(clock)
  const origin = cut > 0 ? varUintLength(client) + varUintLength(clock - 1) : 0
  return header + origin + end - start
}

/**
 * Writes the run as a section of an update. A cut struct becomes what Yjs makes of it when it
 * answers a state vector (Yjs 13, `write(encoder, offset)` of Item and GC): its origin is then the
 * clock before it, so that it needs no parent of its own and is read soundly beside any neighbour,
 * also one that was collected.
 * @param reader reads the update, wherever it stands
 */
export function writeRun(reader: StructReader, run: StructRun, writer: ByteWriter): void {
  writer.writeVarUint(run.structs)
  writer.writeVarUint(run.client)
  writer.writeVarUint(run.clock)
  reader.position = run.start
  if (run.cut > 0) cutStruct(reader, run, writer)
  writer.writeBytes(reader.bytes.subarray(reader.position, run.end))
}

/** Writes the first struct up to where its bytes go on as they were, and leaves the reader there. */
function cutStruct(
  reader: StructReader,
  { client, clock, cut }: StructRun,
  writer: ByteWriter,
): void {
  const info = reader.readHead(client, clock - cut)
  if (info === INFO_GC) {
    writer.writeByte(INFO_GC)
    writer.writeVarUint(reader.readVarUint() - cut)
    return
  }
  writer.writeByte(info | HAS_ORIGIN)
  writer.writeVarUint(client)
  writer.writeVarUint(clock - 1)
  writer.writeBytes(reader.bytes.subarray(reader.rightOriginStart, reader.rightOriginEnd))
  cutContent(reader, reader.kind, cut, writer)
}
