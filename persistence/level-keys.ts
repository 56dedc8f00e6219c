import { Buffer } from 'node:buffer'
import { DamagedValue } from './damaged-value.js'
import type { KeyRange } from './level-port.js'

/**
 * The keys of the LevelDB store, byte for byte as `docs/STORAGE.md` lists them. The first byte says
 * what a key is for; numbers are big-endian, so that the order of the bytes is the order of the
 * numbers.
 */
export const keyKind = {
  /** `c` name: what a document is. */
  catalogue: 0x63,
  /** `g` name: the catalogue's witness, and the head when the log was last closed. */
  guard: 0x67,
  /** `i` id, snapshot id, chunk: state vector, delete set and the rest of a snapshot's index. */
  snapshotIndex: 0x69,
  /** `l` batch number: one for each of the last batches. */
  ledger: 0x6c,
  /** `L`: where the ledger starts, and the generation. */
  ledgerBase: 0x4c,
  /** `m` …: what is garbage and can be removed at any time. */
  sweep: 0x6d,
  /** `p` …: what becomes garbage if the process ends before it is finished. */
  provisional: 0x70,
  /** `r` id, last sequence, chunk: a segment of the log. */
  segment: 0x72,
  /** `s` id, snapshot id, chunk: the update of a snapshot. */
  snapshot: 0x73,
} as const

/** Bytes of the random id under which a document's data is kept; never shown outside. */
export const documentIdLength = 16
/** Bytes of the random id under which one snapshot of a document is kept. */
export const snapshotIdLength = 8
/** Chunk numbers have two bytes. */
export const maxChunks = 0x10000

const segmentKeyLength = 1 + documentIdLength + 6 + 2

export function nameKey(kind: 'catalogue' | 'guard', name: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(1 + name.length)
  key[0] = keyKind[kind]
  key.set(name, 1)
  return key
}

/** The names that start with `prefix` and come after `after`. */
export function listRange(
  kind: 'catalogue' | 'guard',
  prefix: string,
  after: string | undefined,
): KeyRange {
  const range = prefixRange(nameKey(kind, Buffer.from(prefix, 'utf8')))
  if (after === undefined) return range
  const from = Buffer.concat([nameKey(kind, Buffer.from(after, 'utf8')), Buffer.of(0)])
  return { gte: from.compare(range.gte) > 0 ? from : range.gte, lt: range.lt }
}

export function segmentKey(id: Uint8Array, lastSequence: number, chunk: number): Buffer {
  const key = Buffer.allocUnsafe(segmentKeyLength)
  writeSegmentKey(key, 0, id, lastSequence, chunk)
  return key
}

/** Writes the key at `offset` and returns the offset after it. */
export function writeSegmentKey(
  target: Buffer,
  offset: number,
  id: Uint8Array,
  lastSequence: number,
  chunk: number,
): number {
  target[offset] = keyKind.segment
  target.set(id, offset + 1)
  const after = target.writeUIntBE(lastSequence, offset + 1 + documentIdLength, 6)
  return target.writeUInt16BE(chunk, after)
}

export function readSegmentKey(key: Uint8Array): { lastSequence: number; chunk: number } {
  const bytes = asBuffer(key)
  if (bytes.length !== segmentKeyLength) {
    throw new DamagedValue(`a segment's key has ${bytes.length} bytes`, 'format')
  }
  return {
    lastSequence: bytes.readUIntBE(1 + documentIdLength, 6),
    chunk: bytes.readUInt16BE(segmentKeyLength - 2),
  }
}

/** The segments of a document that end after `after`, or at most at `through`. */
export function segmentRange(
  id: Uint8Array,
  bounds: { readonly after?: number; readonly through?: number } = {},
): KeyRange {
  const from = segmentKey(id, (bounds.after ?? -1) + 1, 0)
  if (bounds.through === undefined) {
    return { gte: from, lt: successor(from.subarray(0, 1 + documentIdLength)) }
  }
  return { gte: from, lt: segmentKey(id, bounds.through + 1, 0) }
}

export function snapshotKey(
  kind: 'snapshot' | 'snapshotIndex',
  id: Uint8Array,
  snapshotId: Uint8Array,
  chunk: number,
): Buffer {
  const key = Buffer.allocUnsafe(1 + documentIdLength + snapshotIdLength + 2)
  key[0] = keyKind[kind]
  key.set(id, 1)
  key.set(snapshotId, 1 + documentIdLength)
  key.writeUInt16BE(chunk, key.length - 2)
  return key
}

/** Everything of one kind under a document's id and, if it is given, a snapshot's id. */
export function idRange(
  kind: 'segment' | 'snapshot' | 'snapshotIndex',
  id: Uint8Array,
  snapshotId: Uint8Array = new Uint8Array(0),
): KeyRange {
  return prefixRange(Buffer.concat([Buffer.of(keyKind[kind]), id, snapshotId]))
}

export function ledgerKey(batch: number): Buffer {
  const key = Buffer.allocUnsafe(7)
  key[0] = keyKind.ledger
  key.writeUIntBE(batch, 1, 6)
  return key
}

export function readLedgerKey(key: Uint8Array): number {
  return asBuffer(key).readUIntBE(1, 6)
}

export const ledgerBaseKey: Uint8Array = Buffer.of(keyKind.ledgerBase)

export function kindRange(kind: keyof typeof keyKind): KeyRange {
  return prefixRange(Buffer.of(keyKind[kind]))
}

function prefixRange(prefix: Uint8Array): KeyRange {
  return { gte: prefix, lt: successor(prefix) }
}

/** The first key after every key that starts with `prefix`, which must not be all 0xff. */
function successor(prefix: Uint8Array): Buffer {
  let end = prefix.length
  while (end > 0 && prefix[end - 1] === 0xff) end--
  const next = Buffer.from(prefix.subarray(0, end))
  const last = next[end - 1]
  if (last !== undefined) next[end - 1] = last + 1
  return next
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
