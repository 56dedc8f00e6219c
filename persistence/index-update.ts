import { encodeStateVector } from '../protocol/state-vector.js'
import { noScanLimits, type UpdateScan, UpdateScanner } from '../protocol/update-scanner.js'
import type { SnapshotIndex } from './document-store.js'

/** One for the process: a scan is read before the next one starts. */
const scanner = new UpdateScanner()

/**
 * The index of a snapshot, read from its update.
 * @throws MALFORMED_UPDATE
 */
export function indexUpdate(update: Uint8Array): SnapshotIndex {
  const scan = scanner.scan(update, noScanLimits)
  const ends = new Map<number, number>()
  raiseEnds(ends, scan)
  return {
    stateVector: encodeStateVector(ends),
    deleteSet: update.slice(scan.deleteSetStart),
    rootNames: scan.rootNames,
    subdocuments: scan.subdocumentCount,
  }
}

/** Raises the clock ends of clients to those of the update that was scanned. */
export function raiseEnds(ends: Map<number, number>, scan: UpdateScan): void {
  for (let index = 0; index < scan.sectionCount; index++) {
    const client = scan.sectionClient[index] ?? 0
    ends.set(client, Math.max(ends.get(client) ?? 0, scan.sectionTo[index] ?? 0))
  }
}
