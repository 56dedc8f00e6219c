import { createDecoder, readVarString, readVarUint, readVarUint8Array } from 'lib0/decoding'
import {
  createEncoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import type { SnapshotIndex } from './document-store.js'

/** State vector, delete set, root names, subdocuments; lib0's variable-length forms, in order. */
export function encodeSnapshotIndex(index: SnapshotIndex): Uint8Array {
  const encoder = createEncoder()
  writeVarUint8Array(encoder, index.stateVector)
  writeVarUint8Array(encoder, index.deleteSet)
  writeVarUint(encoder, index.rootNames.length)
  for (const name of index.rootNames) writeVarString(encoder, name)
  writeVarUint(encoder, index.subdocuments)
  return toUint8Array(encoder)
}

/** Only for bytes whose checksum was right. */
export function decodeSnapshotIndex(bytes: Uint8Array): SnapshotIndex {
  const decoder = createDecoder(bytes)
  const stateVector = readVarUint8Array(decoder)
  const deleteSet = readVarUint8Array(decoder)
  const rootNames = Array.from({ length: readVarUint(decoder) }, () => readVarString(decoder))
  return { stateVector, deleteSet, rootNames, subdocuments: readVarUint(decoder) }
}
