import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'

/** Every limit of the document server. 0 switches a limit off unless its line says otherwise. */
export interface ServerLimits {
  /** Bytes of one update. A larger one closes with 4413. @default 16 MiB */
  readonly updateBytes: number
  /** Sections (clients) in one update. @default 65,536 */
  readonly updateSections: number
  /** Stored bytes of one document, snapshot and tail. @default 256 MiB */
  readonly documentBytes: number
  /** Yjs clients that ever edited one document. @default 50,000 */
  readonly documentClients: number
  /**
   * Delete ranges of one document: runs of one client's clocks, all deleted, with something left
   * between them. Each costs 16 bytes of memory, and about 4 in every sync step 2 of a stock
   * client. An update that would add one beyond is refused; one that adds none is not.
   * @default 262,144
   */
  readonly documentDeleteRanges: number
  /** Root types of one document. @default 1,000 */
  readonly documentRootNames: number
  /** Subdocuments ever put into one document. @default 1,000 */
  readonly documentSubdocuments: number
  /** Connections to one document; more are told to come back later. @default 10,000 */
  readonly documentConnections: number
  /** Connections to the server; more are told to come back later. @default 100,000 */
  readonly connections: number
  /** Bytes of updates whose past is unknown, held for one document. 0 holds nothing. @default 1 MiB */
  readonly heldBytes: number
  /** How many such updates are held for one document. 0 holds nothing. @default 256 */
  readonly heldUpdates: number
  /** How long such an update is held, in milliseconds. @default 60,000 */
  readonly heldMs: number
  /** Bytes of one connection that are not durable yet; beyond, its socket pauses. @default 1 MiB */
  readonly connectionUncommittedBytes: number
  /** The same over all connections; beyond, whoever sends is paused. @default 64 MiB */
  readonly uncommittedBytes: number
  /** Bytes per second that one connection may send; beyond, its socket pauses. @default 8 MiB */
  readonly connectionBytesPerSecond: number
  /** Bytes that may come at once above that rate. 0 allows one second's worth. @default 64 MiB */
  readonly connectionBurstBytes: number
  /**
   * Milliseconds between two answers to sync step 1 of one connection, and between two to its
   * awareness queries. @default 1,000
   */
  readonly syncIntervalMs: number
  /** Milliseconds that a lagging connection may stand still before it is closed. @default 10,000 */
  readonly lagStallMs: number
  /** Milliseconds that a connection may lag at all before it is closed. @default 120,000 */
  readonly lagMs: number
  /** Bytes of one signal. @default 16 KiB */
  readonly signalBytes: number
  /** Signals per second of one connection; those of two seconds may come at once. @default 20 */
  readonly signalsPerSecond: number
  /** Bytes of signals that may wait for one document's next flush. @default 1 MiB */
  readonly documentSignalBytes: number
  /** Milliseconds that authentication and opening may take together. @default 30,000 */
  readonly joinMs: number
  /**
   * Bytes of snapshots kept in memory for joins. One that is being sent stays whatever its size, once
   * for all who get it. 0 keeps none beyond that. @default 64 MiB
   */
  readonly snapshotCacheBytes: number
  /**
   * Compactions that wait for their turn, and differences. 0 refuses to wait: one at a time is done
   * all the same. @default 1,000 of each
   */
  readonly workerQueue: number
}

const mebibyte = 1_048_576

export const defaultLimits: ServerLimits = Object.freeze({
  updateBytes: 16 * mebibyte,
  updateSections: 65_536,
  documentBytes: 256 * mebibyte,
  documentClients: 50_000,
  documentDeleteRanges: 262_144,
  documentRootNames: 1_000,
  documentSubdocuments: 1_000,
  documentConnections: 10_000,
  connections: 100_000,
  heldBytes: mebibyte,
  heldUpdates: 256,
  heldMs: 60_000,
  connectionUncommittedBytes: mebibyte,
  uncommittedBytes: 64 * mebibyte,
  connectionBytesPerSecond: 8 * mebibyte,
  connectionBurstBytes: 64 * mebibyte,
  syncIntervalMs: 1_000,
  lagStallMs: 10_000,
  lagMs: 120_000,
  signalBytes: 16_384,
  signalsPerSecond: 20,
  documentSignalBytes: mebibyte,
  joinMs: 30_000,
  snapshotCacheBytes: 64 * mebibyte,
  workerQueue: 1_000,
})

/** Whether `value` is over a limit of which 0 means "none". */
export function exceeds(value: number, limit: number): boolean {
  return limit !== 0 && value > limit
}

/** @throws LIMIT_REACHED, naming the limit, where `value` is over it */
export function requireWithin(name: keyof ServerLimits, value: number, limits: ServerLimits): void {
  if (!exceeds(value, limits[name])) return
  throw new CairnError('LIMIT_REACHED', `limit ${name} is ${limits[name]}, this makes ${value}`, {
    rule: name,
  })
}

/** A server that is full is knocked at by everybody who wants in: they come back spread out. */
const fullRetryMs = 5_000

/** @throws RATE, naming the limit, where there is no room for one more now, but may be later */
export function requireRoom(
  name: 'connections' | 'documentConnections',
  count: number,
  limits: ServerLimits,
  environment: Pick<Environment, 'random'>,
): void {
  if (!exceeds(count, limits[name])) return
  throw new CairnError('RATE', `limit ${name} is ${limits[name]}, this makes ${count}`, {
    rule: name,
    retryAfterMs: fullRetryMs * (1 + environment.random()),
  })
}
