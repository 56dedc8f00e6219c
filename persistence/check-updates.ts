import { DeleteRanges } from '../protocol/delete-ranges.js'
import { CairnError } from '../protocol/errors.js'
import { isComplete, splitUpdate } from '../protocol/split-update.js'
import { decodeStateVector } from '../protocol/state-vector.js'
import { noScanLimits, type UpdateScan, UpdateScanner } from '../protocol/update-scanner.js'
import type { ExportedDocument, NewSnapshot } from './document-store.js'
import { indexUpdate, raiseEnds } from './index-update.js'

/**
 * What is wrong with the updates of a document that is stored as it was written: one that is no Yjs
 * update, one that needs others which do not stand before it, an index that claims what its snapshot
 * does not hold. No Yjs function is called.
 * @returns one sentence for each problem; none where the document can be served
 */
export function findUpdateProblems(document: ExportedDocument): readonly string[] {
  const { snapshot, records } = document
  const problems: string[] = []
  const known = new Map<number, number>()
  if (snapshot !== undefined) {
    const problem = checkUpdate(snapshot.update, known) ?? checkIndex(snapshot)
    if (problem !== undefined) problems.push(`the snapshot ${problem}`)
  }
  for (const { sequence, update } of records) {
    const problem = checkUpdate(update, known)
    if (problem !== undefined) problems.push(`record ${sequence} ${problem}`)
  }
  return problems
}

/** One for the process: a scan is read before the next one starts. */
const scanner = new UpdateScanner()

/** Adds what the update holds to what is known, complete or not: one gap is told once. */
function checkUpdate(update: Uint8Array, known: Map<number, number>): string | undefined {
  let scan: UpdateScan
  try {
    scan = scanner.scan(update, noScanLimits)
  } catch (error) {
    if (!(error instanceof CairnError)) throw error
    return `is no Yjs v1 update that can be served: ${error.message}`
  }
  const endOf = (client: number): number => known.get(client) ?? 0
  const isWhole = isComplete(scan, endOf) || splitUpdate(update, scan, endOf).rest === undefined
  raiseEnds(known, scan)
  return isWhole ? undefined : 'needs others that do not stand before it'
}

function checkIndex(snapshot: NewSnapshot): string | undefined {
  const found = indexUpdate(snapshot.update)
  try {
    const ends = decodeStateVector(found.stateVector)
    for (const [client, end] of decodeStateVector(snapshot.stateVector)) {
      if (end > (ends.get(client) ?? 0)) return 'does not hold all that its index claims'
    }
    const deletes = DeleteRanges.decode(found.deleteSet)
    if (!deletes.includes(DeleteRanges.decode(snapshot.deleteSet))) {
      return 'does not delete all that its index claims'
    }
  } catch (error) {
    if (!(error instanceof CairnError)) throw error
    return `has an index that cannot be read: ${error.message}`
  }
  return undefined
}
