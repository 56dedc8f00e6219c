import type { Appended, DocumentLog } from '../../../persistence/document-store.js'
import { ForwardingStore, forwardLog } from '../forwarding-store.js'
import type { Mutant } from '../mutant.js'

export const acknowledgeBeforeCommit: Mutant = {
  name: 'acknowledge-before-commit',
  what: 'the store resolves appends when they are queued',
  caughtBy: ['shown-durable', 'acknowledged-durable', 'acknowledged-kept'],
  store: (inner) => new ForwardingStore(inner, hasten),
}

function hasten(log: DocumentLog): DocumentLog {
  let assigned = log.head
  return forwardLog(log, {
    append(record): Promise<Appended> {
      log.append(record).catch(() => undefined)
      return Promise.resolve({ sequence: ++assigned, epoch: log.epoch ?? new Uint8Array(16) })
    },
  })
}
