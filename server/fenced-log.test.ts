import { afterEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { DocumentLog, DocumentStore } from '../persistence/document-store.js'
import { memoryStore } from '../persistence/memory-store.js'
import { CairnError } from '../protocol/errors.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

/** A store with one document that is a snapshot; logs that are open when it fails stay shut. */
async function storeThatFails(): Promise<{ store: DocumentStore; fail: () => void }> {
  const store = memoryStore()
  await store.open()
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'before')
  const update = Y.encodeStateAsUpdate(doc)
  const snapshot = {
    through: 1,
    update,
    stateVector: Y.encodeStateVector(doc),
    deleteSet: Uint8Array.of(0),
    rootNames: ['text'],
    subdocuments: 0,
  }
  const epoch = new Uint8Array(16).fill(1)
  await store.importDocument({ name: 'notes', epoch, createdAt: 0, snapshot, records: [] })
  const openLog = store.openLog.bind(store)
  let failures = 0
  store.openLog = async (name) => {
    const log = await openLog(name)
    const openedAt = failures
    return Object.assign(log, {
      readSnapshot: () => (failures === openedAt ? read(log) : Promise.reject(fenced())),
    })
  }
  const read = (log: DocumentLog) => Object.getPrototypeOf(log).readSnapshot.call(log)
  return { store, fail: () => failures++ }
}

function fenced(): CairnError {
  return new CairnError('STORE_UNAVAILABLE', 'the store failed since the log was opened')
}

test('a document whose log was shut by a failed store is opened anew when somebody reads it', async () => {
  const { store, fail } = await storeThatFails()
  simulated = new SimulatedServer({ store, limits: { snapshotCacheBytes: 0 } })
  const [alice, bob] = [new Replica(1), new Replica(2)]
  await simulated.connect('notes', alice)
  // So that the answer that was made for one is no answer for the other.
  alice.type(' and after')
  await simulated.pass()
  fail()
  await simulated.connect('notes', bob)
  expect(bob.socket.closed?.code).toBe(4503)
  // Whoever was there comes back too: nobody can tell what became of its log.
  expect(alice.socket.closed?.code).toBe(4503)
  await simulated.connect('notes', bob, alice)
  expect(bob.text).toBe('before and after')
  expect(alice.isSynced).toBe(true)
})

test('reading for the embedding program does the same', async () => {
  const { store, fail } = await storeThatFails()
  simulated = new SimulatedServer({ store })
  const alice = new Replica(1)
  await simulated.connect('notes', alice)
  fail()
  await expect(simulated.run(simulated.server.read('notes'))).rejects.toThrow(/failed since/)
  const doc = await simulated.run(simulated.server.read('notes'))
  expect(doc.getText('text').toString()).toBe('before')
})
