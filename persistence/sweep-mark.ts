import { Buffer } from 'node:buffer'
import { DamagedValue } from './damaged-value.js'
import {
  asBuffer,
  documentIdLength,
  idRange,
  keyKind,
  segmentRange,
  snapshotIdLength,
} from './level-keys.js'
import type { KeyRange } from './level-port.js'

/**
 * What is to be removed. A sweep mark is put in the same batch that makes the thing garbage, so
 * that a crash on the way leaves a list of what is left to do. A provisional mark is put before a
 * thing is written in several batches and deleted by the batch that makes it count; at the next
 * open the provisional marks that are left become sweep marks.
 *
 * Key: `m` or `p`, what (`d` document, `s` snapshot, `r` records), the document's id, then the
 * snapshot's id or the last sequence that goes.
 */
export type Garbage =
  | { readonly what: 'document'; readonly id: Uint8Array }
  | { readonly what: 'snapshot'; readonly id: Uint8Array; readonly snapshotId: Uint8Array }
  | { readonly what: 'records'; readonly id: Uint8Array; readonly through: number }

const whatByte = { document: 0x64, snapshot: 0x73, records: 0x72 } as const

export function markKey(kind: 'sweep' | 'provisional', garbage: Garbage): Buffer {
  const head = Buffer.of(keyKind[kind], whatByte[garbage.what])
  switch (garbage.what) {
    case 'document':
      return Buffer.concat([head, garbage.id])
    case 'snapshot':
      return Buffer.concat([head, garbage.id, garbage.snapshotId])
    case 'records': {
      const through = Buffer.alloc(6)
      through.writeUIntBE(garbage.through, 0, 6)
      return Buffer.concat([head, garbage.id, through])
    }
  }
}

/** The sweep mark for what a provisional mark names. */
export function sweepKeyOf(provisionalKey: Uint8Array): Buffer {
  const key = Buffer.from(provisionalKey)
  key[0] = keyKind.sweep
  return key
}

/** The ranges of keys that a mark gives up. */
export function sweptRanges(key: Uint8Array): readonly KeyRange[] {
  const bytes = asBuffer(key)
  const id = bytes.subarray(2, 2 + documentIdLength)
  const rest = bytes.subarray(2 + documentIdLength)
  if (bytes[1] === whatByte.document && rest.length === 0) {
    return [idRange('segment', id), idRange('snapshot', id), idRange('snapshotIndex', id)]
  }
  if (bytes[1] === whatByte.snapshot && rest.length === snapshotIdLength) {
    return [idRange('snapshot', id, rest), idRange('snapshotIndex', id, rest)]
  }
  if (bytes[1] === whatByte.records && rest.length === 6) {
    return [segmentRange(id, { through: rest.readUIntBE(0, 6) })]
  }
  throw new DamagedValue(`the sweep mark ${bytes.toString('hex')} is none`, 'format')
}
