import { Buffer } from 'node:buffer'
import type { DocumentIndex, TailRecord } from './document-index.js'
import { covers, type KnownClocks, lacks } from './known-clocks.js'
import { type Position, readPosition } from './position.js'

/** Epochs have so many bytes. */
const epochBytes = 16

/** Where a client stood when it lost its last connection. */
export interface Place extends Position {
  readonly epoch: Uint8Array
}

/** What a client asks with its sync step 1. */
export interface SyncQuestion {
  readonly known: KnownClocks
  /** Where it stood, if it has said so. */
  readonly place: Place | undefined
  /** Whether its place counts although it does not say what it has, since it keeps no document. */
  readonly isTrusted: boolean
}

/** What a resume message says; undefined where no server of ours can have told the client that. */
export function readPlace(message: {
  readonly epoch: Uint8Array
  readonly position: Uint8Array
}): Place | undefined {
  const position = readPosition(message.position)
  if (position === undefined || message.epoch.byteLength !== epochBytes) return undefined
  // A copy, since the frame may be large.
  return { ...position, epoch: message.epoch.slice() }
}

/**
 * The records that came after the place where a client stood, without those that it evidently has;
 * undefined where the place is not one of this log, or too far back, and only a whole answer helps.
 *
 * A record that the client's state vector covers is left out if it deletes nothing: that is what the
 * client wrote itself just before its connection was lost. Of deletes a state vector says nothing.
 *
 * @param known undefined takes the client at its word: it keeps no state vector
 */
export function recordsSince(
  place: Place,
  known: KnownClocks | undefined,
  { index, epoch }: { readonly index: DocumentIndex; readonly epoch: Uint8Array | undefined },
): readonly TailRecord[] | undefined {
  if (epoch === undefined || Buffer.compare(place.epoch, epoch) !== 0) return undefined
  if (index.checkAt(place.sequence) !== place.check) return undefined
  const since = index.tailAfter(place.sequence)
  if (known === undefined) return since
  return hasAllThrough(place.sequence, known, index)
    ? since.filter((record) => record.hasDeletes || lacks(known, record.sections))
    : undefined
}

/** Whether a client has what it says it was sent: its document may not be the one that it had. */
function hasAllThrough(sequence: number, known: KnownClocks, index: DocumentIndex): boolean {
  if (!covers(known, index.snapshotStateVector)) return false
  for (const record of index.tail) {
    if (record.sequence > sequence) return true
    if (lacks(known, record.sections)) return false
  }
  return true
}
