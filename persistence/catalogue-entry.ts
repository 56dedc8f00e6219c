import { Buffer } from 'node:buffer'
import { DamagedValue } from './damaged-value.js'
import { documentIdLength, snapshotIdLength } from './level-keys.js'

/** Bytes of an epoch. */
export const epochLength = 16

/** Which snapshot stands for a document's log, and where it lies. */
export interface SnapshotReference {
  readonly snapshotId: Uint8Array
  readonly through: number
  /** Of the update. */
  readonly byteLength: number
}

/** The value under a document's name. */
export interface CatalogueEntry {
  /** The key prefix of everything else that is stored of the document. */
  readonly id: Uint8Array
  /** As stored; what the outside sees depends on the store's generation too. */
  readonly epoch: Uint8Array
  readonly createdAt: number
  readonly snapshot: SnapshotReference | undefined
}

/** What was true when the document's log was last closed or first written. */
export interface Guard {
  readonly id: Uint8Array
  readonly head: number
}

const plainLength = documentIdLength + epochLength + 6
const snapshotLength = snapshotIdLength + 6 + 6

export function encodeCatalogueEntry(entry: CatalogueEntry): Buffer {
  const { snapshot } = entry
  const body = Buffer.alloc(plainLength + (snapshot === undefined ? 0 : snapshotLength))
  body.set(entry.id, 0)
  body.set(entry.epoch, documentIdLength)
  body.writeUIntBE(entry.createdAt, documentIdLength + epochLength, 6)
  if (snapshot !== undefined) {
    body.set(snapshot.snapshotId, plainLength)
    body.writeUIntBE(snapshot.through, plainLength + snapshotIdLength, 6)
    body.writeUIntBE(snapshot.byteLength, plainLength + snapshotIdLength + 6, 6)
  }
  return body
}

export function decodeCatalogueEntry(body: Buffer): CatalogueEntry {
  if (body.length !== plainLength && body.length !== plainLength + snapshotLength) {
    throw new DamagedValue(`it has ${body.length} bytes`, 'format')
  }
  return {
    id: body.subarray(0, documentIdLength),
    epoch: body.subarray(documentIdLength, documentIdLength + epochLength),
    createdAt: body.readUIntBE(documentIdLength + epochLength, 6),
    snapshot: body.length === plainLength ? undefined : decodeReference(body.subarray(plainLength)),
  }
}

function decodeReference(bytes: Buffer): SnapshotReference {
  return {
    snapshotId: bytes.subarray(0, snapshotIdLength),
    through: bytes.readUIntBE(snapshotIdLength, 6),
    byteLength: bytes.readUIntBE(snapshotIdLength + 6, 6),
  }
}

export function encodeGuard(guard: Guard): Buffer {
  const body = Buffer.alloc(documentIdLength + 6)
  body.set(guard.id, 0)
  body.writeUIntBE(guard.head, documentIdLength, 6)
  return body
}

export function decodeGuard(body: Buffer): Guard {
  if (body.length !== documentIdLength + 6) {
    throw new DamagedValue(`it has ${body.length} bytes`, 'format')
  }
  return { id: body.subarray(0, documentIdLength), head: body.readUIntBE(documentIdLength, 6) }
}
