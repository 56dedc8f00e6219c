import type { DocumentLog } from '../persistence/document-store.js'
import { ByteReader } from '../protocol/byte-reader.js'
import { ByteWriter, varUintLength } from '../protocol/byte-writer.js'
import { encodePosition } from '../protocol/extension-codec.js'
import type { DocumentIndex } from './document-index.js'

/** A place in a document's log. */
export interface Position {
  readonly sequence: number
  /**
   * CRC-32 of the record there, or of the snapshot that stands for it; 0 where nothing was written.
   * A log that was restored from a backup and written on has other records at the same sequences.
   */
  readonly check: number
}

const checkBytes = 4
const emptyEpoch = new Uint8Array(0)

/** As clients carry it, opaque to them: the check, four bytes, then the sequence, a varuint. */
export function writePosition({ sequence, check }: Position): Uint8Array {
  const bytes = new Uint8Array(checkBytes)
  new DataView(bytes.buffer).setUint32(0, check)
  const writer = new ByteWriter(checkBytes + varUintLength(sequence))
  writer.writeBytes(bytes)
  writer.writeVarUint(sequence)
  return writer.finish()
}

/** The position that a client came back with; undefined where it is none of ours. */
export function readPosition(bytes: Uint8Array): Position | undefined {
  if (bytes.byteLength <= checkBytes) return undefined
  const check = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  try {
    const reader = new ByteReader('MALFORMED_MESSAGE', bytes.subarray(checkBytes))
    const sequence = reader.readVarUint()
    reader.expectEnd()
    return { sequence, check }
  } catch {
    return undefined
  }
}

/** Where the log of an open document ends, as clients are told. */
export class HeadPosition {
  readonly #log: Pick<DocumentLog, 'epoch'>
  readonly #index: DocumentIndex
  #cached: { readonly head: number; readonly bytes: Uint8Array } | undefined

  constructor(log: Pick<DocumentLog, 'epoch'>, index: DocumentIndex) {
    this.#log = log
    this.#index = index
  }

  /** Empty before the first write. */
  get epoch(): Uint8Array {
    return this.#log.epoch ?? emptyEpoch
  }

  get bytes(): Uint8Array {
    const { head } = this.#index
    if (this.#cached?.head !== head) {
      const check = this.#index.checkAt(head) ?? 0
      this.#cached = { head, bytes: writePosition({ sequence: head, check }) }
    }
    return this.#cached.bytes
  }

  /** The position message, with the epoch for those who were not told it. */
  message(isEpochDue: boolean): Uint8Array {
    return encodePosition({ epoch: isEpochDue ? this.epoch : emptyEpoch, position: this.bytes })
  }
}
