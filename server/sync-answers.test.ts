import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { memoryStore } from '../persistence/memory-store.js'
import { inlineWorker } from '../test/inline-worker.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

beforeEach(() => {
  simulated = new SimulatedServer({ documentWorker: inlineWorker })
})

afterEach(() => simulated.stop())

/** Edits until there is a snapshot of more than there was, and a tail behind it. */
async function withSnapshot(alice: Replica, letters: string): Promise<void> {
  const { head = 0 } = (await simulated.store.stat('notes')) ?? {}
  for (let i = 0; i < 1_001; i++) alice.type(letters)
  alice.doc.getText('text').delete(0, 1)
  await simulated.pass(100)
  expect((await simulated.store.stat('notes'))?.snapshotThrough).toBeGreaterThan(head)
  alice.type('tail')
  await simulated.pass(100)
}

function types(replica: Replica): string[] {
  return replica.socket.messages.map((message) => message.type)
}

describe('the answer to sync step 1', () => {
  test('for a new client is the whole document, then an empty step 2, then step 1', async () => {
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('a').type('b')
    await simulated.pass(100)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(types(bob)).toEqual(['update', 'update', 'sync-step-2', 'sync-step-1'])
    expect(bob.socket.of('sync-step-2')[0]?.update).toEqual(Uint8Array.of(0, 0))
    expect(bob.socket.writes).toBe(1)
    expect(bob.text).toBe('ab')
  })

  test('for a new client starts with the snapshot where there is one', async () => {
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    await withSnapshot(alice, 'x')
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    await simulated.pass(100)
    expect(bob.isSynced).toBe(true)
    expect(bob.text).toBe(alice.text)
    expect(bob.doc.store.pendingStructs).toBeNull()
    expect(Y.encodeStateVector(bob.doc)).toEqual(Y.encodeStateVector(alice.doc))
  })

  test('for a recent client is what it lacks of the tail, and every delete', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.type('one ')
    await simulated.pass(100)
    bob.socket.disconnect()
    alice.type('two ')
    alice.doc.getText('text').delete(0, 2)
    await simulated.pass(100)
    await simulated.connect('notes', bob)
    expect(types(bob)).toEqual(['update', 'sync-step-2', 'sync-step-1'])
    expect(bob.text).toBe(alice.text)
  })

  test('for a level client is the delete set', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.type('one')
    await simulated.pass(100)
    bob.socket.disconnect()
    alice.doc.getText('text').delete(0, 1)
    await simulated.pass(100)
    await simulated.connect('notes', bob)
    expect(types(bob)).toEqual(['sync-step-2', 'sync-step-1'])
    expect(bob.text).toBe('ne')
  })

  test('behind a large snapshot is the difference', async () => {
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('y'.repeat(300_000))
    await simulated.pass(100)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe(alice.text)
    bob.socket.disconnect()
    await withSnapshot(alice, 'z')
    await simulated.connect('notes', bob)
    expect(bob.isSynced).toBe(true)
    expect(bob.text).toBe(alice.text)
    const bytes = bob.socket.sent.reduce((sum, message) => sum + message.byteLength, 0)
    expect(bytes).toBeLessThan(200_000)
  })

  test('brings what the client wrote offline', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    bob.socket.disconnect()
    bob.type('offline')
    await simulated.connect('notes', bob)
    await simulated.pass(100)
    expect(alice.text).toBe('offline')
  })

  test('is given once per syncIntervalMs, and the last question is not forgotten', async () => {
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.socket.forget()
    for (let i = 0; i < 50; i++) alice.socket.receive(Uint8Array.of(0, 0, 1, 0))
    await simulated.environment.settle()
    expect(alice.socket.of('sync-step-2')).toHaveLength(0)
    await simulated.pass(1_100)
    expect(alice.socket.of('sync-step-2')).toHaveLength(1)
  })
})

test('while one difference is made, others of its document get everything at once', async () => {
  const jobs: (() => boolean)[] = []
  await simulated.stop()
  simulated = new SimulatedServer({
    documentWorker: {
      ...inlineWorker,
      difference: (_update, _stateVector, isWanted = () => true) => {
        jobs.push(isWanted)
        return new Promise(() => undefined)
      },
    },
  })
  const [alice, bob, carol] = [new Replica(1), new Replica(2), new Replica(3)]
  await simulated.connect('notes', alice)
  alice.type('y'.repeat(300_000))
  await simulated.pass(100)
  await simulated.connect('notes', bob)
  bob.socket.disconnect()
  alice.type('more')
  await simulated.pass(100)
  await simulated.connect('notes', carol)
  carol.socket.disconnect()
  await withSnapshot(alice, 'z')
  await simulated.connect('notes', bob, carol)
  expect(jobs).toHaveLength(1)
  expect(bob.isSynced).toBe(false)
  expect(carol.isSynced).toBe(true)
  expect(carol.text).toBe(alice.text)
  expect(jobs[0]?.()).toBe(true)
  bob.socket.disconnect()
  expect(jobs[0]?.()).toBe(false)
})

test('a snapshot that is too large to keep is read once for all who have not taken it yet', async () => {
  let reads = 0
  const store = memoryStore()
  const openLog = store.openLog.bind(store)
  store.openLog = async (name) => {
    const log = await openLog(name)
    const readSnapshot = log.readSnapshot.bind(log)
    return Object.assign(log, {
      readSnapshot: () => {
        reads++
        return readSnapshot()
      },
    })
  }
  await simulated.stop()
  simulated = new SimulatedServer({
    store,
    documentWorker: inlineWorker,
    limits: { snapshotCacheBytes: 0 },
  })
  const alice = new Replica(1)
  await simulated.connect('notes', alice)
  alice.type('y'.repeat(300_000))
  await withSnapshot(alice, 'z')
  reads = 0
  const slow: Replica[] = []
  for (const id of [2, 3, 4]) {
    const replica = new Replica(id).connect(simulated.server, 'notes')
    replica.socket.block()
    slow.push(replica)
    await simulated.environment.settle()
    expect(replica.text).toBe(alice.text)
  }
  expect(reads).toBe(1)
  // One leaves, one reads on: neither holds it any more, and the last one does.
  slow[0]?.socket.disconnect()
  slow[1]?.socket.drain()
  await simulated.connect('notes', new Replica(5))
  expect(reads).toBe(1)
  slow[2]?.socket.drain()
  await simulated.connect('notes', new Replica(6))
  expect(reads).toBe(2)
})
