import { readPosition, writePosition } from './position.js'

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
  const place = readPosition(position)
  if (place === undefined || epoch === '') return undefined
  return `${place.sequence}.${place.check.toString(16).padStart(8, '0')}.${epoch}`
}

/** The place that a `Last-Event-ID` names; undefined where it is none of ours. */
export function parseEventId(id: string): Place | undefined {
  const [, sequenceText, check, epoch] = form.exec(id) ?? []
  if (sequenceText === undefined || check === undefined || epoch === undefined) return undefined
  const sequence = Number(sequenceText)
  if (!Number.isSafeInteger(sequence)) return undefined
  const position = writePosition({ sequence, check: Number.parseInt(check, 16) })
  return { epoch: Buffer.from(epoch, 'base64url'), position }
}
