import { CairnError } from '../protocol/errors.js'
import { ChunkJoiner } from './chunks.js'
import { DamagedValue } from './damaged-value.js'
import type { LogRecord } from './document-store.js'
import { readError } from './level-errors.js'
import { readSegmentKey, segmentRange } from './level-keys.js'
import type { LevelReader } from './level-port.js'
import { decodeSegment } from './segment.js'

/** Which records to read of which document. */
export interface RecordRange {
  readonly name: string
  readonly id: Uint8Array
  /** The sequence before the first that is wanted. */
  readonly after: number
  /** The last that is wanted; it must exist. */
  readonly head: number
}

/** Records in order, or what is wrong where records should be. */
export type TailPart =
  | { readonly records: readonly LogRecord[] }
  | { readonly problem: CairnError; readonly sequence: number }

/**
 * Reads what stands in the range, page by page, and says what does not. Everything that is not a
 * problem is checked: checksums, and each sequence exactly once.
 */
export async function* readTailParts(
  reader: LevelReader,
  range: RecordRange,
): AsyncIterable<readonly TailPart[]> {
  const assembly = new TailAssembly(range)
  const keys = segmentRange(range.id, { after: range.after })
  try {
    for await (const page of reader.scan(keys)) {
      for (const [key, value] of page) assembly.take(key, value)
      const parts = assembly.drain()
      if (parts.length > 0) yield parts
      if (assembly.next > range.head) break
    }
  } catch (error) {
    const what = `document "${range.name}", record ${assembly.next} and after`
    yield [{ problem: readError('DOCUMENT_DAMAGED', what, error), sequence: assembly.next }]
    return
  }
  assembly.finish()
  const rest = assembly.drain()
  if (rest.length > 0) yield rest
}

/**
 * The records of a range in pages.
 * @throws DOCUMENT_DAMAGED naming the document and the sequence, after the pages before it
 */
export async function* readRecords(
  reader: LevelReader,
  range: RecordRange,
): AsyncIterable<readonly LogRecord[]> {
  for await (const parts of readTailParts(reader, range)) {
    const page: LogRecord[] = []
    for (const part of parts) {
      if ('problem' in part) {
        if (page.length > 0) yield page
        throw part.problem
      }
      for (const record of part.records) page.push(record)
    }
    if (page.length > 0) yield page
  }
}

/** Puts chunks together to segments and segments to a log without holes. */
class TailAssembly {
  readonly #range: RecordRange
  readonly #joiner = new ChunkJoiner()
  #parts: TailPart[] = []
  /** The last sequence of the segment that is being joined. */
  #joining = 0
  /** The last sequence of a segment that was found damaged; its other chunks are passed over. */
  #broken = -1
  /** The next sequence that is wanted. */
  next: number

  constructor(range: RecordRange) {
    this.#range = range
    this.next = range.after + 1
  }

  drain(): readonly TailPart[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  take(key: Uint8Array, value: Uint8Array): void {
    if (this.next > this.#range.head) return
    const { lastSequence, chunk } = readSegmentKey(key)
    if (lastSequence === this.#broken) return
    const expectedChunk = this.#joiner.taken
    const isNext = expectedChunk === 0 || lastSequence === this.#joining
    if (!isNext) this.#breakSegment(this.#joining, 'its end is missing')
    if (chunk !== this.#joiner.taken) {
      this.#breakSegment(lastSequence, `chunk ${this.#joiner.taken} is missing`)
      return
    }
    this.#joining = lastSequence
    try {
      const body = this.#joiner.take(key, value)
      if (body !== undefined) this.#accept(decodeSegment(body, lastSequence))
    } catch (error) {
      if (!(error instanceof DamagedValue)) throw error
      this.#breakSegment(lastSequence, error.message, error)
    }
  }

  finish(): void {
    if (this.#joiner.taken > 0) this.#breakSegment(this.#joining, 'its end is missing')
    if (this.next <= this.#range.head) this.#hole(this.#range.head + 1)
  }

  #accept(records: readonly LogRecord[]): void {
    const first = records[0]?.sequence ?? this.next
    if (first > this.next) this.#hole(first)
    const { head } = this.#range
    const wanted = records.filter(({ sequence }) => sequence >= this.next && sequence <= head)
    this.#parts.push({ records: wanted })
    this.next = (records.at(-1)?.sequence ?? this.next) + 1
  }

  #hole(before: number): void {
    const last = before - 1
    const which = last === this.next ? `record ${last} is` : `records ${this.next} to ${last} are`
    this.#report(`${which} missing`, 'hole')
    this.next = before
  }

  #breakSegment(lastSequence: number, what: string, cause?: DamagedValue): void {
    this.#joiner.forget()
    this.#broken = lastSequence
    const which = `the records from ${this.next} to ${lastSequence} cannot be read`
    this.#report(`${which}: ${what}`, cause?.rule ?? 'checksum', cause)
    this.next = lastSequence + 1
  }

  #report(what: string, rule: string, cause?: DamagedValue): void {
    const message =
      `document "${this.#range.name}": ${what}. Restore the store from a backup, or export the` +
      ' document with salvage, delete it and import what was saved'
    const problem = new CairnError('DOCUMENT_DAMAGED', message, { cause, rule })
    this.#parts.push({ problem, sequence: this.next })
  }
}
