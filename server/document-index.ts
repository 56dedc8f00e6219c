import { crc32 } from 'node:zlib'
import type { LogRecord, SnapshotInfo } from '../persistence/document-store.js'
import { encodeUpdate } from '../protocol/codec.js'
import { DeleteRanges } from '../protocol/delete-ranges.js'
import { decodeStateVector } from '../protocol/state-vector.js'
import type { UpdateScan } from '../protocol/update-scanner.js'
import { assert } from '../runtime/assert.js'

/** What the scanner said of one update, kept until the update is durable and in the tail after. */
export interface UpdateOutline {
  /** client, first clock, end clock; for each section. */
  readonly sections: readonly number[]
  /** client, first clock, end clock; for each delete range. */
  readonly deletes: readonly number[]
  /** At most so many delete ranges more does the document have with it. */
  readonly deleteGrowth: number
  readonly rootNames: readonly string[]
  readonly subdocuments: number
}

export function outlineOf(scan: UpdateScan): UpdateOutline {
  const sections: number[] = []
  for (let i = 0; i < scan.sectionCount; i++) {
    sections.push(at(scan.sectionClient, i), at(scan.sectionFrom, i), at(scan.sectionTo, i))
  }
  const deletes: number[] = []
  for (let i = 0; i < scan.deleteCount; i++) {
    deletes.push(at(scan.deleteClient, i), at(scan.deleteFrom, i), at(scan.deleteTo, i))
  }
  const { rootNames, subdocumentCount } = scan
  return {
    sections,
    deletes,
    deleteGrowth: scan.deleteCount,
    rootNames: rootNames.length === 0 ? noNames : [...rootNames],
    subdocuments: subdocumentCount,
  }
}

const noNames: readonly string[] = []

function at(column: Float64Array, index: number): number {
  const value = column[index]
  assert(value !== undefined, 'a scan has a value in each of its rows')
  return value
}

/** A record of the tail, with its update already in the message that carries it to clients. */
export interface TailRecord {
  readonly sequence: number
  readonly connection: string
  /** The whole update message; the update is its end, from `updateStart`. */
  readonly message: Uint8Array
  readonly updateStart: number
  readonly sections: readonly number[]
  readonly hasDeletes: boolean
}

export function updateOf(record: TailRecord): Uint8Array {
  return record.message.subarray(record.updateStart)
}

/** No two connections have the same id, so records of the same bytes have other checks. */
function checkOf(record: TailRecord): number {
  return crc32(updateOf(record), crc32(record.connection))
}

function checkOfSnapshot(snapshot: SnapshotInfo): number {
  return crc32(snapshot.deleteSet, crc32(snapshot.stateVector))
}

/**
 * What the server keeps of a document's durable part: no content but the tail.
 *
 * 1. It holds exactly what is durable: records enter it after their batch, in sequence order.
 * 2. `tail` is contiguous: its first record follows the snapshot, its last one is the head.
 */
export class DocumentIndex {
  readonly stateVector: Map<number, number>
  readonly deleteRanges: DeleteRanges
  readonly rootNames: Set<string>
  #subdocuments: number
  #snapshot: SnapshotInfo | undefined
  #snapshotStateVector: ReadonlyMap<number, number>
  /** Of the last sequence that is not in the tail. */
  #baseCheck: number
  #tail: TailRecord[] = []
  #tailBytes = 0
  #head: number
  #version = 0

  constructor(snapshot: SnapshotInfo | undefined) {
    this.#snapshot = snapshot
    this.#head = snapshot?.through ?? 0
    this.#baseCheck = snapshot ? checkOfSnapshot(snapshot) : 0
    this.#snapshotStateVector = snapshot ? decodeStateVector(snapshot.stateVector) : new Map()
    this.stateVector = new Map(this.#snapshotStateVector)
    this.deleteRanges = snapshot ? DeleteRanges.decode(snapshot.deleteSet) : new DeleteRanges()
    this.rootNames = new Set(snapshot?.rootNames)
    this.#subdocuments = snapshot?.subdocuments ?? 0
  }

  get head(): number {
    return this.#head
  }

  /** Grows with every change, so that whatever was made of the index can be kept until then. */
  get version(): number {
    return this.#version
  }

  get snapshot(): SnapshotInfo | undefined {
    return this.#snapshot
  }

  get snapshotStateVector(): ReadonlyMap<number, number> {
    return this.#snapshotStateVector
  }

  get subdocuments(): number {
    return this.#subdocuments
  }

  get tail(): readonly TailRecord[] {
    return this.#tail
  }

  get tailBytes(): number {
    return this.#tailBytes
  }

  get byteLength(): number {
    return this.#tailBytes + (this.#snapshot?.byteLength ?? 0)
  }

  /** The records after `sequence`; all of the tail where that lies before it. */
  tailAfter(sequence: number): readonly TailRecord[] {
    const first = this.#tail[0]
    if (first === undefined) return this.#tail
    return this.#tail.slice(Math.max(0, sequence + 1 - first.sequence))
  }

  /**
   * CRC-32 of the record at `sequence`; undefined where it is not in the tail, unless the tail begins
   * right after it.
   */
  checkAt(sequence: number): number | undefined {
    const base = this.#head - this.#tail.length
    if (sequence === base) return this.#baseCheck
    const record = this.#tail[sequence - base - 1]
    return record === undefined ? undefined : checkOf(record)
  }

  /** Takes in one durable record; returns it as it stands in the tail. */
  add(
    record: LogRecord | Omit<LogRecord, 'time' | 'principal'>,
    outline: UpdateOutline,
  ): TailRecord {
    assert(record.sequence === this.#head + 1, 'records enter the index in sequence order')
    this.#head = record.sequence
    this.#version++
    const { sections, deletes } = outline
    for (let i = 0; i + 2 < sections.length; i += 3) this.#extend(sections[i], sections[i + 2])
    this.deleteRanges.addTriples(deletes)
    for (const name of outline.rootNames) this.rootNames.add(name)
    this.#subdocuments += outline.subdocuments
    const message = encodeUpdate(record.update)
    const entry: TailRecord = {
      sequence: record.sequence,
      connection: record.connection,
      message,
      updateStart: message.byteLength - record.update.byteLength,
      sections,
      hasDeletes: deletes.length > 0,
    }
    this.#tail.push(entry)
    this.#tailBytes += record.update.byteLength
    return entry
  }

  /** The snapshot has taken the place of the records through its sequence. */
  replaceSnapshot(snapshot: SnapshotInfo): void {
    this.#version++
    // Whoever stands exactly there goes on from there, as long as the document stays open.
    this.#baseCheck = this.checkAt(snapshot.through) ?? checkOfSnapshot(snapshot)
    this.#snapshot = snapshot
    this.#snapshotStateVector = decodeStateVector(snapshot.stateVector)
    // Integrating may delete more than the updates say: what loses a map key, for instance.
    this.deleteRanges.addAll(DeleteRanges.decode(snapshot.deleteSet))
    this.#tail = [...this.tailAfter(snapshot.through)]
    this.#tailBytes = 0
    for (const record of this.#tail) {
      this.#tailBytes += record.message.byteLength - record.updateStart
    }
  }

  #extend(client: number | undefined, end: number | undefined): void {
    const known = this.stateVector.get(number(client)) ?? 0
    if (number(end) > known) this.stateVector.set(number(client), number(end))
  }
}

function number(value: number | undefined): number {
  assert(value !== undefined, 'outlines come in threes')
  return value
}
