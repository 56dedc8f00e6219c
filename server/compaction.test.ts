import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { memoryStore } from '../persistence/memory-store.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { shouldCompact } from './compaction.js'

let simulated: SimulatedServer

afterEach(() => simulated?.stop())

async function compacted(alice: Replica): Promise<void> {
  await expect
    .poll(
      async () => {
        await simulated.pass(100)
        return (await simulated.store.stat('notes'))?.snapshotThrough
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0)
  expect(alice.socket.closed).toBeUndefined()
}

describe('compaction', () => {
  test('puts a snapshot in the place of a long tail, and changes nothing that anybody sees', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    const map = alice.doc.getMap('map')
    for (let i = 0; i < 1_100; i++) map.set('key', i)
    await compacted(alice)
    const stat = await simulated.store.stat('notes')
    expect(stat?.snapshotBytes).toBeLessThan(2_000)
    map.set('key', 'last')
    await simulated.pass(100)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    await expect.poll(() => bob.isSynced, { timeout: 20_000 }).toBe(true)
    expect(bob.doc.getMap('map').toJSON()).toEqual({ key: 'last' })
    expect(Y.encodeStateVector(bob.doc)).toEqual(Y.encodeStateVector(alice.doc))
  })

  test('writes no deletes of its own when formatting marks become redundant', async () => {
    simulated = new SimulatedServer()
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    const text = alice.doc.getText('text')
    text.insert(0, 'some words to make bold')
    await simulated.pass(100)
    for (let i = 0; i < 1_100; i++) {
      text.format(i % 10, 5, { bold: i % 2 === 0 ? true : null })
      if (i % 50 === 0) await simulated.pass(10)
    }
    await compacted(alice)
    const carol = new Replica(3)
    await simulated.connect('notes', carol)
    await expect.poll(() => carol.isSynced, { timeout: 20_000 }).toBe(true)
    await simulated.pass(1_000)
    expect(carol.doc.getText('text').toDelta()).toEqual(text.toDelta())
    expect(bob.doc.getText('text').toDelta()).toEqual(text.toDelta())
  })

  test('goes on with what came while the snapshot was made, though nothing more comes', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    // All in one turn, so that the thread begins with the first thousand of them at most.
    for (let i = 0; i < 5_000; i++) alice.type('x')
    await expect
      .poll(
        async () => {
          await simulated.pass(100)
          return (await simulated.store.stat('notes'))?.tailRecords
        },
        { timeout: 20_000 },
      )
      .toBeLessThanOrEqual(1_000)
    expect((await simulated.store.stat('notes'))?.head).toBe(5_000)
  })

  test('is done for a document that is opened with a long tail, though nobody writes', async () => {
    const store = memoryStore()
    await store.open()
    const log = await store.openLog('notes')
    const doc = new Y.Doc()
    const appended: Promise<unknown>[] = []
    doc.on('update', (update: Uint8Array) => {
      appended.push(log.append({ update, principal: 'alice', connection: '1' }))
    })
    for (let i = 0; i < 1_500; i++) doc.getText('text').insert(i, 'x')
    await Promise.all(appended)
    await log.close()
    simulated = new SimulatedServer({ store })
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    await compacted(bob)
    expect((await simulated.store.stat('notes'))?.tailRecords).toBe(0)
  })

  test('happens when the last connection leaves, if the tail has grown', async () => {
    simulated = new SimulatedServer({ timings: { unloadMs: 1_000 } })
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    for (let i = 0; i < 200; i++) alice.type('x')
    await simulated.pass(100)
    alice.socket.disconnect(1000)
    await simulated.pass(1_500)
    await expect.poll(() => simulated.server.documentCount, { timeout: 20_000 }).toBe(0)
    expect((await simulated.store.stat('notes'))?.tailRecords).toBe(0)
  })

  test('is given up when its thread is killed; the log stays and the document goes on', async () => {
    simulated = new SimulatedServer({ worker: { memoryMb: 4, jobMs: 30_000 } })
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    // Far more structs than four megabytes can hold as a Y.Doc.
    const array = alice.doc.getArray('array')
    for (let i = 0; i < 1_200; i++) {
      array.insert(
        0,
        Array.from({ length: 20 }, (_, j) => ({ i, j })),
      )
    }
    await simulated.pass(2_000)
    await expect
      .poll(
        async () => {
          await simulated.pass(100)
          return simulated.compactionFailures
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0)
    alice.type('goes on')
    await simulated.pass(100)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe('goes on')
    expect(bob.doc.getArray('array').length).toBe(24_000)
    expect((await simulated.store.stat('notes'))?.snapshotThrough).toBe(0)
  })

  test('is due by the size of the tail, later after each failure', () => {
    const index = (records: number, tailBytes: number) => ({
      tail: Array.from({ length: records }, () => undefined as never),
      tailBytes,
      snapshot: undefined,
    })
    expect(shouldCompact(index(1_000, 65_536), 'record', 0)).toBe(false)
    expect(shouldCompact(index(1_001, 0), 'record', 0)).toBe(true)
    expect(shouldCompact(index(1_001, 0), 'record', 1)).toBe(false)
    expect(shouldCompact(index(1, 65_537), 'record', 0)).toBe(true)
    expect(shouldCompact(index(1, 65_537), 'record', 1)).toBe(false)
    expect(shouldCompact(index(100, 16_384), 'unload', 0)).toBe(false)
    expect(shouldCompact(index(101, 0), 'unload', 0)).toBe(true)
  })
})
