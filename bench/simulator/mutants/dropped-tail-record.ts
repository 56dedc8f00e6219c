import type { DocumentLog, LogRecord } from '../../../persistence/document-store.js'
import { ForwardingStore, forwardLog } from '../forwarding-store.js'
import type { Mutant } from '../mutant.js'

export const droppedTailRecord: Mutant = {
  name: 'dropped-tail-record',
  what: 'a log that is opened again has lost what its last record says',
  caughtBy: ['answers-complete', 'replicas-equal', 'log-history', 'shown-durable', 'no-complaints'],
  needs: { faults: { crash: 5_000 } },
  store: (inner) => new ForwardingStore(inner, forgetLast),
}

function forgetLast(log: DocumentLog): DocumentLog {
  return forwardLog(log, { readTail: () => withoutLast(log) })
}

async function* withoutLast(log: DocumentLog): AsyncIterable<readonly LogRecord[]> {
  for await (const page of log.readTail()) {
    yield page.map((record) =>
      record.sequence === log.head ? { ...record, update: Uint8Array.of(0, 0) } : record,
    )
  }
}
