import { DeleteRanges } from '../protocol/delete-ranges.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { decodeStateVector } from '../protocol/state-vector.js'
import type { DocumentContext } from './document-context.js'
import { type DocumentIndex, updateOf } from './document-index.js'
import type { CompactedDocument } from './document-worker.js'
import type { OpenDocument } from './open-document.js'

/** Below these a tail is cheap to send and to load, and stays. */
const minTailBytes = 65_536
const maxTailRecords = 1_000
/** When the last connection has left, shorter tails are worth a snapshot already. */
const minUnloadBytes = 16_384
const minUnloadRecords = 100

/**
 * Whether a document is due. After failures the bar doubles each time, so that a log that cannot be
 * compacted costs little.
 */
export function shouldCompact(
  index: Pick<DocumentIndex, 'tail' | 'tailBytes' | 'snapshot'>,
  occasion: 'record' | 'unload',
  failures: number,
): boolean {
  const bar = 2 ** Math.min(failures, 10)
  const records = index.tail.length
  if (occasion === 'unload') {
    return records > minUnloadRecords * bar || index.tailBytes > minUnloadBytes * bar
  }
  const bytes = Math.max(minTailBytes, (index.snapshot?.byteLength ?? 0) / 2)
  return index.tailBytes > bytes * bar || records > maxTailRecords * bar
}

/**
 * Makes a snapshot of a document's log through its head and puts it in the log's place, when the
 * compactions that were asked for before are done.
 *
 * It is accepted only if its state vector equals the document's at the cut and its delete set holds
 * every delete of the document's: integrating may delete more than the updates say (a value that
 * loses its map key), the same in every replica. On any failure the log stays and the document goes
 * on. Resolves with whether there is a new snapshot.
 */
export async function compact(context: DocumentContext, document: OpenDocument): Promise<boolean> {
  try {
    return await context.compactions.run(() => replaceLog(context, document))
  } catch (error) {
    if (document.isStopped) return false
    const { code, message } = toCairnError(error)
    context.logger.warn({ document: document.name, code, error: message }, 'compaction failed')
    return false
  }
}

async function replaceLog(context: DocumentContext, document: OpenDocument): Promise<boolean> {
  const { index, log } = document
  if (document.isStopped || index.tail.length === 0) return false
  const through = index.head
  const stateVector = new Map(index.stateVector)
  const deleteRanges = index.deleteRanges.clone()
  const rootNames = [...index.rootNames]
  const updates = index.tail.map(updateOf)
  if (index.snapshot !== undefined) updates.unshift(await log.readSnapshot())
  const compacted = await context.worker.compact(updates)
  requireEqual(compacted, stateVector, deleteRanges)
  const names = [...new Set([...rootNames, ...compacted.rootNames])]
  const isWritten = await log.writeSnapshot({ ...compacted, rootNames: names, through })
  if (!isWritten || log.snapshot === undefined) return false
  // Whoever is owed one of the covered records gets it while it is still in the tail.
  document.fanOut.flush()
  index.replaceSnapshot(log.snapshot)
  return true
}

function requireEqual(
  compacted: CompactedDocument,
  stateVector: ReadonlyMap<number, number>,
  deleteRanges: DeleteRanges,
): void {
  const ends = decodeStateVector(compacted.stateVector)
  for (const [client, end] of stateVector) {
    if (ends.get(client) === end) continue
    throw mismatch(`client ${client} ends at ${ends.get(client) ?? 0}, the log says ${end}`)
  }
  if (ends.size !== stateVector.size) {
    throw mismatch(`it has ${ends.size} clients, the log says ${stateVector.size}`)
  }
  if (!DeleteRanges.decode(compacted.deleteSet).includes(deleteRanges)) {
    throw mismatch('it lacks deletes that the log has')
  }
}

function mismatch(what: string): CairnError {
  return new CairnError('INTERNAL', `the snapshot is not what the log says: ${what}`)
}
