import type { CairnError } from '../protocol/errors.js'
import type { Principal } from './principal.js'
import type { Receipt } from './receipts.js'

/** Whoever hands updates to a document: a connection, or the embedding program. */
export interface Author {
  /** Stands in the record; updates are not sent back to the connection of this id. */
  readonly id: string
  readonly principal: Principal
  /** Bytes were queued for the log; they stay uncommitted until `committed` says the same number. */
  queued(bytes: number): void
  committed(bytes: number): void
  /** Part of an update waits for its past: ask for what is missing. */
  askForMissing(missing: string): void
  /** The frame of `receipt` will not become durable as a whole. */
  refuse(receipt: Receipt | undefined, error: CairnError): void
}
