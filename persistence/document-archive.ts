import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import {
  createDecoder,
  type Decoder,
  hasContent,
  readVarString,
  readVarUint,
  readVarUint8Array,
} from 'lib0/decoding'
import {
  createEncoder,
  type Encoder,
  length as encodedLength,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import { CairnError } from '../protocol/errors.js'
import type { ExportedDocument, LogRecord, NewSnapshot } from './document-store.js'
import { asBuffer } from './level-keys.js'
import { decodeSnapshotIndex, encodeSnapshotIndex } from './snapshot-index.js'

/**
 * A document in one portable file, whatever store it comes from: the eight bytes `CAIRNDOC`, a
 * version byte, then sections. A section is a kind byte, the length of its body (six bytes,
 * big-endian), the body, and the CRC-32 of all that. `docs/STORAGE.md` lists the bodies.
 */
const magic = Buffer.from('CAIRNDOC', 'latin1')
const version = 1
const sectionKind = { header: 0x68, snapshot: 0x73, records: 0x72, end: 0x65 } as const
/** A section of records is closed once it has this many bytes. */
const recordsSectionBytes = 1024 * 1024
const sectionHeadLength = 7

/** The archive of a document; `decodeDocumentArchive` gives the same document back. */
export function encodeDocumentArchive(document: ExportedDocument): Uint8Array {
  const { name, epoch, createdAt, snapshot, records } = document
  const sections: Uint8Array[] = [magic, Buffer.of(version)]
  sections.push(
    ...section('header', (encoder) => {
      writeVarString(encoder, name)
      writeVarUint8Array(encoder, epoch)
      writeVarUint(encoder, createdAt)
    }),
  )
  if (snapshot !== undefined) {
    const { through, update, ...index } = snapshot
    sections.push(
      ...section('snapshot', (encoder) => {
        writeVarUint(encoder, through)
        writeVarUint8Array(encoder, encodeSnapshotIndex(index))
        writeVarUint8Array(encoder, update)
      }),
    )
  }
  for (let next = 0; next < records.length; ) {
    sections.push(
      ...section('records', (encoder) => {
        while (next < records.length && encodedLength(encoder) < recordsSectionBytes) {
          const record = records[next++]
          if (record !== undefined) writeRecord(encoder, record)
        }
      }),
    )
  }
  sections.push(...section('end', (encoder) => writeVarUint(encoder, records.length)))
  return new Uint8Array(Buffer.concat(sections))
}

/** Whether `bytes` start as an archive does; a Yjs update never does. */
export function isDocumentArchive(bytes: Uint8Array): boolean {
  return asBuffer(bytes).subarray(0, magic.length).equals(magic)
}

/**
 * @throws DOCUMENT_DAMAGED with the rule `archive` where a byte is changed, missing or too many,
 * STORE_UNKNOWN_FORMAT for another version
 */
export function decodeDocumentArchive(archive: Uint8Array): ExportedDocument {
  const bytes = asBuffer(archive)
  if (!isDocumentArchive(bytes)) throw damaged('it does not start with CAIRNDOC')
  if (bytes[magic.length] !== version) {
    throw new CairnError(
      'STORE_UNKNOWN_FORMAT',
      `the archive has version ${bytes[magic.length]}, this program reads version ${version}`,
    )
  }
  const sections = splitSections(bytes.subarray(magic.length + 1))
  const header = sections.shift()
  if (header?.kind !== sectionKind.header) throw damaged('its header is missing')
  const document = readSection(header.body, (decoder) => ({
    name: readVarString(decoder),
    epoch: readVarUint8Array(decoder),
    createdAt: readVarUint(decoder),
  }))
  const snapshot = sections[0]?.kind === sectionKind.snapshot ? sections.shift()?.body : undefined
  const end = sections.pop()
  if (end?.kind !== sectionKind.end) throw damaged('its end is missing')
  const records: LogRecord[] = []
  for (const { kind, body } of sections) {
    if (kind !== sectionKind.records) throw damaged(`a section of kind ${kind} is out of place`)
    readSection(body, (decoder) => {
      while (hasContent(decoder)) records.push(readRecord(decoder))
    })
  }
  const count = readSection(end.body, readVarUint)
  if (count !== records.length) throw damaged(`it holds ${records.length} of ${count} records`)
  return {
    ...document,
    snapshot: snapshot === undefined ? undefined : readSection(snapshot, readSnapshot),
    records,
  }
}

function section(
  kind: keyof typeof sectionKind,
  write: (encoder: Encoder) => void,
): readonly Uint8Array[] {
  const encoder = createEncoder()
  write(encoder)
  const body = toUint8Array(encoder)
  const head = Buffer.alloc(sectionHeadLength)
  head[0] = sectionKind[kind]
  head.writeUIntBE(body.length, 1, 6)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body, crc32(head)), 0)
  return [head, body, sum]
}

interface Section {
  readonly kind: number | undefined
  readonly body: Buffer
}

function splitSections(bytes: Buffer): Section[] {
  const sections: Section[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (offset + sectionHeadLength > bytes.length) throw damaged('it is cut')
    const start = offset + sectionHeadLength
    const end = start + bytes.readUIntBE(offset + 1, 6)
    if (end + 4 > bytes.length) throw damaged('it is cut, or a length in it is changed')
    if (crc32(bytes.subarray(offset, end)) !== bytes.readUInt32BE(end)) {
      throw damaged(`the checksum of its section ${sections.length + 1} does not fit`)
    }
    sections.push({ kind: bytes[offset], body: bytes.subarray(start, end) })
    offset = end + 4
  }
  return sections
}

function readSection<T>(body: Uint8Array, read: (decoder: Decoder) => T): T {
  const decoder = createDecoder(body)
  let value: T
  try {
    value = read(decoder)
  } catch (cause) {
    throw damaged('a section ends too early', cause)
  }
  if (hasContent(decoder)) throw damaged('a section has bytes too many')
  return value
}

function readSnapshot(decoder: Decoder): NewSnapshot {
  const through = readVarUint(decoder)
  const index = decodeSnapshotIndex(readVarUint8Array(decoder))
  return { through, ...index, update: readVarUint8Array(decoder) }
}

function writeRecord(encoder: Encoder, record: LogRecord): void {
  writeVarUint(encoder, record.sequence)
  writeVarUint(encoder, record.time)
  writeVarString(encoder, record.principal)
  writeVarString(encoder, record.connection)
  writeVarUint8Array(encoder, record.update)
}

function readRecord(decoder: Decoder): LogRecord {
  return {
    sequence: readVarUint(decoder),
    time: readVarUint(decoder),
    principal: readVarString(decoder),
    connection: readVarString(decoder),
    update: readVarUint8Array(decoder),
  }
}

function damaged(what: string, cause?: unknown): CairnError {
  return new CairnError('DOCUMENT_DAMAGED', `the archive cannot be read: ${what}`, {
    cause,
    rule: 'archive',
  })
}
