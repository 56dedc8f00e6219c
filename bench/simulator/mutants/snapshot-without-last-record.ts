import * as Y from 'yjs'
import type { DocumentLog, LogRecord } from '../../../persistence/document-store.js'
import { ForwardingStore, forwardLog } from '../forwarding-store.js'
import type { Mutant } from '../mutant.js'

export const snapshotWithoutLastRecord: Mutant = {
  name: 'snapshot-without-last-record',
  what: 'a snapshot lacks the last record that it takes the place of',
  caughtBy: [
    'log-history',
    'shown-durable',
    'acknowledged-kept',
    'answers-complete',
    'no-complaints',
  ],
  needs: {
    edits: { type: 5, erase: 1, format: 0, map: 0, array: 0, xml: 0, undo: 0, paste: 8 },
    editEveryMs: 400,
  },
  store: (inner) => new ForwardingStore(inner, shorten),
}

function shorten(log: DocumentLog): DocumentLog {
  const updates: Uint8Array[] = []
  return forwardLog(log, {
    readTail: () => remember(log, updates),
    append(record) {
      updates.push(record.update)
      return log.append(record)
    },
    async writeSnapshot(snapshot) {
      const before = log.snapshot === undefined ? [] : [await log.readSnapshot()]
      const covered = updates.slice(0, snapshot.through - (log.snapshot?.through ?? 0))
      const update = Y.mergeUpdates([...before, ...covered.slice(0, -1), Uint8Array.of(0, 0)])
      const isWritten = await log.writeSnapshot({ ...snapshot, update })
      if (isWritten) updates.splice(0, covered.length)
      return isWritten
    },
  })
}

async function* remember(
  log: DocumentLog,
  updates: Uint8Array[],
): AsyncIterable<readonly LogRecord[]> {
  for await (const page of log.readTail()) {
    for (const { update } of page) updates.push(update)
    yield page
  }
}
