import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { chunkBytes, splitChunks } from './chunks.js'
import { DamagedValue } from './damaged-value.js'
import type { LogRecord } from './document-store.js'
import { segmentKey, writeSegmentKey } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { valueFormat } from './sealed-value.js'

/**
 * A segment is what one batch holds of one document: one or more records in sequence order under
 * one key, since LevelDB's cost is by key and not by byte. Its key names its last sequence, so that
 * the head is the last key and what a snapshot covers is a range of keys.
 *
 * Body: chunk count (two bytes), number of records, then for each record: whether its author is
 * that of the record before (0) or follows (1), the author, time (six bytes), update. Numbers
 * without a size are variable-length (seven bits a byte, lowest first), strings and updates follow
 * their length.
 */
const sameAuthor = 0
const newAuthor = 1
const chunkCountLength = 2
/** A key, the format byte, the chunk count, the number of records and the checksum. */
const fixedBound = 25 + 1 + chunkCountLength + 5 + 4

/** @param records at least one, in sequence order without holes */
export function encodeSegment(id: Uint8Array, records: readonly LogRecord[]): LevelOperation[] {
  const last = records.at(-1)?.sequence ?? 0
  let bound = fixedBound
  for (const record of records) bound += recordBound(record)
  const buffer = Buffer.allocUnsafe(bound)
  const keyEnd = writeSegmentKey(buffer, 0, id, last, 0)
  buffer[keyEnd] = valueFormat
  const body = keyEnd + 1
  buffer.writeUInt16BE(1, body)
  const end = writeRecords(buffer, body + chunkCountLength, records)
  if (end - body <= chunkBytes) {
    const sealed = buffer.writeUInt32BE(crc32(buffer.subarray(0, end)), end)
    const value = buffer.subarray(keyEnd, sealed)
    return [{ type: 'put', key: buffer.subarray(0, keyEnd), value }]
  }
  const whole = buffer.subarray(body + chunkCountLength, end)
  return [...splitChunks(whole, (chunk) => segmentKey(id, last, chunk))]
}

/** At least as many bytes as the record takes; a UTF-16 unit takes at most three. */
function recordBound(record: LogRecord): number {
  const author = record.principal.length + record.connection.length
  return 1 + 5 + 5 + 3 * author + 6 + 5 + record.update.byteLength
}

function writeRecords(buffer: Buffer, start: number, records: readonly LogRecord[]): number {
  let offset = writeNumber(buffer, start, records.length)
  let principal: string | undefined
  let connection: string | undefined
  for (const record of records) {
    if (record.principal === principal && record.connection === connection) {
      buffer[offset++] = sameAuthor
    } else {
      ;({ principal, connection } = record)
      buffer[offset++] = newAuthor
      offset = writeString(buffer, offset, principal)
      offset = writeString(buffer, offset, connection)
    }
    offset = buffer.writeUIntBE(record.time, offset, 6)
    offset = writeNumber(buffer, offset, record.update.byteLength)
    buffer.set(record.update, offset)
    offset += record.update.byteLength
  }
  return offset
}

function writeNumber(buffer: Buffer, start: number, value: number): number {
  let offset = start
  let rest = value
  while (rest > 0x7f) {
    buffer[offset++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[offset++] = rest
  return offset
}

function writeString(buffer: Buffer, start: number, text: string): number {
  const length = Buffer.byteLength(text, 'utf8')
  const offset = writeNumber(buffer, start, length)
  return offset + buffer.write(text, offset, 'utf8')
}

/** The records of a segment's joined body; their updates are views of `body`. */
export function decodeSegment(body: Buffer, lastSequence: number): LogRecord[] {
  const cursor = { offset: 0 }
  const count = readNumber(body, cursor)
  if (count === 0 || count > lastSequence) throw malformed()
  const records: LogRecord[] = []
  let principal = ''
  let connection = ''
  for (let sequence = lastSequence - count + 1; sequence <= lastSequence; sequence++) {
    if (body[pass(body, cursor, 1)] === newAuthor) {
      principal = readString(body, cursor)
      connection = readString(body, cursor)
    }
    const time = body.readUIntBE(pass(body, cursor, 6), 6)
    const length = readNumber(body, cursor)
    const start = body.byteOffset + pass(body, cursor, length)
    const update = new Uint8Array(body.buffer, start, length)
    records.push({ sequence, time, principal, connection, update })
  }
  if (cursor.offset !== body.length) throw malformed()
  return records
}

interface Cursor {
  offset: number
}

function readNumber(body: Buffer, cursor: Cursor): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = body[cursor.offset++]
    if (byte === undefined) throw malformed()
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  throw malformed()
}

function readString(body: Buffer, cursor: Cursor): string {
  const length = readNumber(body, cursor)
  const start = pass(body, cursor, length)
  return body.toString('utf8', start, start + length)
}

/** Moves over `length` bytes, which must be there, and returns where they start. */
function pass(body: Buffer, cursor: Cursor, length: number): number {
  const start = cursor.offset
  cursor.offset = start + length
  if (cursor.offset > body.length) throw malformed()
  return start
}

function malformed(): DamagedValue {
  return new DamagedValue('its records do not fill it', 'format')
}
