import { ByteReader } from '../protocol/byte-reader.js'
import { ByteWriter, varUintLength } from '../protocol/byte-writer.js'

/** A position starts with so many bytes of a checksum; the sequence follows (position.ts). */
const checkBytes = 4
const form = /^(0|[1-9]\d{0,15})\.([0-9a-f]{8})\.([A-Za-z0-9_-]{1,64})$/

/** A place in a document's log, as *resume* says it. */
export interface Place {
  readonly epoch: Uint8Array
  readonly position: Uint8Array
}

/**
 * The id of an event after which a client has everything up to `position`: `sequence.check.epoch`.
 * @param epoch in base64url; empty before the first write, when there is nothing to come back to
 */
export function eventId(position: Uint8Array, epoch: string): string | undefined {
  if (epoch === '') return undefined
  const check = Buffer.from(position.subarray(0, checkBytes)).toString('hex')
  const sequence = new ByteReader('INTERNAL', position.subarray(checkBytes)).readVarUint()
  return `${sequence}.${check}.${epoch}`
}

/** The place that a `Last-Event-ID` names; undefined where it is none of ours. */
export function parseEventId(id: string): Place | undefined {
  const [, sequenceText, check, epoch] = form.exec(id) ?? []
  if (sequenceText === undefined || check === undefined || epoch === undefined) return undefined
  const sequence = Number(sequenceText)
  if (!Number.isSafeInteger(sequence)) return undefined
  const writer = new ByteWriter(checkBytes + varUintLength(sequence))
  writer.writeBytes(Buffer.from(check, 'hex'))
  writer.writeVarUint(sequence)
  return { epoch: Buffer.from(epoch, 'base64url'), position: writer.finish() }
}
