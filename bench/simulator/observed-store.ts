import type { DocumentLog, DocumentStore, NewRecord } from '../../persistence/document-store.js'
import { ForwardingStore, forwardLog } from './forwarding-store.js'
import type { SimulatedProcess } from './simulated-process.js'
import type { World } from './world.js'

/** Tells the checkers what the store says is durable, while the process lives. */
export function observeStore(
  world: World,
  process: SimulatedProcess,
  inner: DocumentStore,
): DocumentStore {
  return new ForwardingStore(inner, (log) =>
    forwardLog(log, {
      append: (record) => append(world, process, log, record),
      readTail: () => readTail(world, log),
      writeSnapshot: async (snapshot) => {
        const isWritten = await log.writeSnapshot(snapshot)
        if (isWritten && process.isAlive) {
          world.note(`snapshot of ${log.name} through ${snapshot.through}`)
          world.check((checker) => checker.compacted?.(log.name, snapshot.update))
        }
        return isWritten
      },
    }),
  )
}

async function append(
  world: World,
  process: SimulatedProcess,
  log: DocumentLog,
  record: NewRecord,
) {
  const appended = await log.append(record)
  const { update, connection } = record
  if (process.isAlive) {
    world.check((checker) => checker.appended?.(log.name, appended.sequence, update, connection))
  }
  return appended
}

async function* readTail(world: World, log: DocumentLog) {
  for await (const page of log.readTail()) {
    world.check((checker) => checker.opened?.(log.name, page))
    yield page
  }
}
