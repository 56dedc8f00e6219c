import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { memoryStore } from '../persistence/memory-store.js'
import { encodeSyncStep1 } from '../protocol/codec.js'
import { encodeResume } from '../protocol/extension-codec.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { inlineWorker } from '../test/inline-worker.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { readPosition, writePosition } from './position.js'

let environment: SimulatedEnvironment
let simulated: SimulatedServer

beforeEach(() => {
  environment = new SimulatedEnvironment()
  const store = memoryStore({ environment })
  simulated = new SimulatedServer({ environment, store, documentWorker: inlineWorker })
})

afterEach(() => simulated.stop())

function types(replica: Replica): string[] {
  return replica.socket.messages.map((message) => message.type)
}

function receivedBytes(replica: Replica): number {
  return replica.socket.sent.reduce((sum, message) => sum + message.byteLength, 0)
}

async function extended(clientID: number): Promise<Replica> {
  const replica = new Replica(clientID).connect(simulated.server, 'notes', { isExtended: true })
  await simulated.pass(100)
  return replica
}

async function resume(replica: Replica, place = replica.place): Promise<void> {
  replica.connect(simulated.server, 'notes', { resumeFrom: place })
  await simulated.pass(100)
}

/** Two clients that have seen `edits`, of which bob has lost his connection. */
async function separated(...edits: string[]): Promise<{ alice: Replica; bob: Replica }> {
  const [alice, bob] = [await extended(1), await extended(2)]
  for (const edit of edits) {
    alice.type(edit)
    await simulated.pass(100)
  }
  bob.socket.disconnect()
  return { alice, bob }
}

/** The messages that an answer has, apart from those that say who is who. */
const resumed = ['sync-step-2', 'sync-step-1', 'position', 'acknowledge']

describe('after a short drop', () => {
  test('what came since is all that comes', async () => {
    const { alice, bob } = await separated('one ', 'two ')
    alice.type('three ')
    alice.doc.getText('text').delete(0, 4)
    await simulated.pass(100)
    await resume(bob)
    expect(types(bob)).toEqual(['hello', 'update', 'update', ...resumed])
    expect(bob.socket.of('sync-step-2')[0]?.update).toEqual(Uint8Array.of(0, 0))
    expect(bob.text).toBe('two three ')
    expect(bob.place).toEqual(alice.place)
  })

  test('a huge delete set costs nothing', async () => {
    const { alice, bob } = await separated('start')
    await resume(bob)
    const text = alice.doc.getText('text')
    // Every other letter goes, so that each is a range of its own.
    alice.type('x'.repeat(10_000))
    alice.doc.transact(() => {
      for (let at = 0; at < 5_000; at++) text.delete(at, 1)
    })
    await simulated.pass(1_000)
    bob.socket.disconnect()
    alice.type('!')
    await simulated.pass(100)
    await resume(bob)
    const cost = receivedBytes(bob)
    expect(bob.text).toBe(alice.text)
    bob.socket.disconnect()
    await simulated.pass(1_000)
    bob.connect(simulated.server, 'notes', { isExtended: true })
    await simulated.pass(100)
    expect(receivedBytes(bob)).toBeGreaterThan(10_000)
    expect(cost).toBeLessThan(250)
  })

  test('a client is not sent what it wrote itself, though that was never acknowledged', async () => {
    const { alice, bob } = await separated('one ')
    await resume(bob)
    simulated.store.hold()
    bob.type('mine ')
    await simulated.pass(100)
    bob.socket.disconnect()
    simulated.store.release()
    await simulated.pass(100)
    alice.type('two ')
    await simulated.pass(100)
    await resume(bob)
    expect(types(bob)).toEqual(['hello', 'update', ...resumed])
    expect(bob.text).toBe(alice.text)
  })

  test('what the client wrote while it was away is asked for', async () => {
    const { alice, bob } = await separated('one ')
    bob.type('offline ')
    await resume(bob)
    expect(alice.text).toBe('one offline ')
    expect(bob.place).toEqual(alice.place)
  })

  test('the answer keeps to the interval of all answers', async () => {
    const { bob } = await separated('one')
    await resume(bob)
    bob.socket.forget()
    const place = bob.place
    if (place === undefined) throw new Error('bob was told where he stands')
    for (let i = 0; i < 20; i++) {
      bob.socket.receive(encodeResume(place))
      bob.socket.receive(encodeSyncStep1(Y.encodeStateVector(bob.doc)))
    }
    await simulated.pass(2_500)
    expect(bob.socket.of('sync-step-2')).toHaveLength(1)
  })

  test('nothing is missed of what becomes durable in the turn of the answer', async () => {
    const { alice, bob } = await separated('one ')
    simulated.store.hold()
    alice.type('two ')
    bob.connect(simulated.server, 'notes', { resumeFrom: bob.place })
    simulated.store.release()
    await simulated.pass(100)
    expect(bob.text).toBe('one two ')
  })
})

describe('a place outlives', () => {
  test('a restart of the server', async () => {
    const { bob } = await separated('one ', 'two ')
    const { store } = simulated
    await simulated.stop()
    simulated = new SimulatedServer({ environment, store })
    const carol = await extended(3)
    carol.type('three ')
    await simulated.pass(100)
    await resume(bob)
    expect(types(bob)).toEqual(['hello', 'update', ...resumed])
    expect(bob.text).toBe('one two three ')
  })

  test('a compaction through exactly that place', async () => {
    const { alice, bob } = await separated('one ')
    await resume(bob)
    for (let i = 0; i < 1_000; i++) alice.type('x')
    await simulated.pass(1_000)
    expect((await simulated.store.stat('notes'))?.snapshotThrough).toBe(1_001)
    expect(placeOf(bob).sequence).toBe(1_001)
    bob.socket.disconnect()
    alice.type('!')
    await simulated.pass(100)
    await resume(bob)
    expect(types(bob)).toEqual(['hello', 'update', ...resumed])
    expect(bob.text).toBe(alice.text)
  })

  test('the memory of a compacted document, where it was told by the next one', async () => {
    const { alice } = await separated('one ')
    for (let i = 0; i < 200; i++) alice.type('x')
    await simulated.pass(1_000)
    alice.socket.disconnect()
    await simulated.pass(20_000)
    expect(simulated.server.documentCount).toBe(0)
    expect((await simulated.store.stat('notes'))?.tailRecords).toBe(0)
    await resume(alice)
    const { place } = alice
    alice.socket.disconnect()
    await simulated.pass(20_000)
    await resume(alice, place)
    expect(types(alice)).toEqual(['hello', ...resumed])
    expect(alice.socket.of('sync-step-2')[0]?.update).toEqual(Uint8Array.of(0, 0))
  })
})

describe('as if nothing had been said is answered', () => {
  /** The delete set is what only a whole answer brings. */
  async function expectWholeAnswer(replica: Replica): Promise<void> {
    const [answer] = replica.socket.of('sync-step-2')
    const isWhole = types(replica).includes('update') || (answer?.update.byteLength ?? 0) > 2
    expect(isWhole).toBe(true)
    const fresh = new Replica(99).connect(simulated.server, 'notes')
    await simulated.pass(100)
    expect(replica.text).toBe(fresh.text)
    expect(replica.doc.store.pendingStructs).toBeNull()
  }

  /** Bob has everything, so that a resumed answer would have no update and no delete. */
  async function levelWithDeletes(): Promise<{ alice: Replica; bob: Replica }> {
    const both = await separated('one ', 'two ')
    await resume(both.bob)
    both.alice.doc.getText('text').delete(0, 1)
    await simulated.pass(100)
    both.bob.socket.disconnect()
    return both
  }

  test('a place with another epoch, be it only in its last byte', async () => {
    const { bob } = await levelWithDeletes()
    const { epoch, ...rest } = placeOf(bob)
    const position = writePosition(rest)
    const other = epoch.slice()
    other[15] = (other[15] ?? 0) ^ 1
    await resume(bob, { epoch: other, position })
    await expectWholeAnswer(bob)
    await simulated.pass(1_000)
    await resume(bob, { epoch: new Uint8Array(0), position })
    await expectWholeAnswer(bob)
  })

  test('a place with another check, as of a log that was restored and written on', async () => {
    const { bob } = await levelWithDeletes()
    const { epoch, sequence, check } = placeOf(bob)
    await resume(bob, { epoch, position: writePosition({ sequence, check: check ^ 1 }) })
    await expectWholeAnswer(bob)
  })

  test('a place in the future, and one that no server told anybody', async () => {
    const { bob } = await levelWithDeletes()
    const { epoch, sequence, check } = placeOf(bob)
    for (const position of [
      writePosition({ sequence: sequence + 1, check }),
      writePosition({ sequence: 0, check }),
      writePosition({ sequence: 2 ** 53 - 1, check }),
      Uint8Array.of(1, 2, 3),
      new Uint8Array(1_000).fill(0xff),
    ]) {
      await resume(bob, { epoch, position })
      await expectWholeAnswer(bob)
      expect(bob.socket.closed).toBeUndefined()
    }
  })

  test('a place that a compaction has passed', async () => {
    const { alice, bob } = await levelWithDeletes()
    for (let i = 0; i < 1_001; i++) alice.type('x')
    await simulated.pass(1_000)
    const through = (await simulated.store.stat('notes'))?.snapshotThrough
    expect(through).toBeGreaterThan(placeOf(bob).sequence)
    await resume(bob)
    await expectWholeAnswer(bob)
  })

  test('a client whose document is not the one that it had', async () => {
    const { bob } = await levelWithDeletes()
    const emptied = new Replica(3)
    await resume(emptied, bob.place)
    await expectWholeAnswer(emptied)
  })

  test('the second sync step 1 of a connection', async () => {
    const { bob } = await levelWithDeletes()
    await resume(bob)
    await simulated.pass(1_000)
    bob.socket.forget()
    bob.socket.receive(encodeSyncStep1(Y.encodeStateVector(bob.doc)))
    await simulated.pass(100)
    await expectWholeAnswer(bob)
  })

  test('a stock connection', async () => {
    const { bob } = await levelWithDeletes()
    bob.connect(simulated.server, 'notes', { resumeFrom: bob.place, isExtended: false })
    await simulated.pass(100)
    await expectWholeAnswer(bob)
  })
})

function placeOf(replica: Replica) {
  const position = replica.place && readPosition(replica.place.position)
  if (replica.place === undefined || position === undefined) throw new Error('it stands nowhere')
  return { epoch: replica.place.epoch, ...position }
}
