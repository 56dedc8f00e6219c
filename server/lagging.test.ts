import { afterEach, describe, expect, test } from 'vitest'
import { idleWorker, inlineWorker } from '../test/inline-worker.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

describe('a connection that does not keep up', () => {
  test('gets nothing more, and everything since its cursor in one write when it drains', async () => {
    simulated = new SimulatedServer()
    const [alice, slow, bob] = [new Replica(1), new Replica(2), new Replica(3)]
    await simulated.connect('notes', alice, slow, bob)
    slow.socket.block()
    alice.type('first ')
    await simulated.pass()
    slow.socket.forget()
    for (let i = 0; i < 100; i++) {
      alice.type(`${i} `)
      await simulated.pass(10)
    }
    expect(slow.socket.writes).toBe(0)
    expect(bob.text).toBe(alice.text)
    slow.socket.drain()
    expect(slow.socket.writes).toBe(1)
    expect(slow.socket.of('update')).toHaveLength(100)
    await simulated.pass()
    expect(slow.text).toBe(alice.text)
    expect(slow.doc.store.pendingStructs).toBeNull()
  })

  test('gets a large debt in parts, each once it has taken the one before', async () => {
    simulated = new SimulatedServer({ documentWorker: idleWorker })
    const [alice, slow, bob] = [new Replica(1), new Replica(2), new Replica(3)]
    await simulated.connect('notes', alice, slow, bob)
    slow.socket.block()
    alice.type('first ')
    await simulated.pass()
    for (let i = 0; i < 60; i++) {
      // What it wrote itself is not sent back, and does not end a part.
      if (i === 30) slow.type('mine '.repeat(100_000))
      alice.type('x'.repeat(20_000))
      await simulated.pass(10)
    }
    slow.socket.forget()
    const parts: number[] = []
    for (let taken = slow.socket.takeWaiting(); taken > 0; taken = slow.socket.takeWaiting()) {
      parts.push(taken)
    }
    // The first is what it had not taken when it began to lag.
    expect(parts).toHaveLength(6)
    for (const part of parts) expect(part).toBeLessThan(262_144 + 20_100)
    expect(slow.socket.of('update')).toHaveLength(60)
    expect(slow.text).toBe(bob.text)
    slow.socket.drain()
    alice.type('last')
    await simulated.pass(100)
    expect(slow.text).toBe(alice.text)
  })

  test('that takes its debt in parts does not stand still, and has lagMs for all of it', async () => {
    simulated = new SimulatedServer({
      documentWorker: idleWorker,
      limits: { lagStallMs: 10_000, lagMs: 60_000 },
    })
    const [alice, slow] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, slow)
    slow.socket.block()
    for (let i = 0; i < 200; i++) {
      alice.type('x'.repeat(20_000))
      await simulated.pass(10)
    }
    for (let waited = 0; waited < 56_000; waited += 8_000) {
      expect(slow.socket.closed).toBeUndefined()
      expect(slow.socket.takeWaiting()).toBeGreaterThan(0)
      await simulated.pass(8_000)
    }
    await simulated.pass(4_000)
    expect(slow.socket.closed?.code).toBe(4508)
  })

  test('is closed with 4508 when it takes nothing for lagStallMs, and syncs when it is back', async () => {
    simulated = new SimulatedServer({ limits: { lagStallMs: 10_000 } })
    const [alice, slow] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, slow)
    slow.socket.block()
    alice.type('one')
    await simulated.pass(100)
    alice.type('two')
    await simulated.pass(9_000)
    expect(slow.socket.closed).toBeUndefined()
    await simulated.pass(3_000)
    expect(slow.socket.closed?.code).toBe(4508)
    await simulated.connect('notes', slow)
    expect(slow.text).toBe('onetwo')
  })

  test('is not blamed for the time in which the server stood still', async () => {
    simulated = new SimulatedServer({ limits: { lagStallMs: 10_000, lagMs: 20_000 } })
    const [alice, slow] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, slow)
    slow.socket.block()
    alice.type('one')
    await simulated.pass(100)
    alice.type('two')
    await simulated.pass(5_000)
    simulated.environment.standStill(60_000)
    await simulated.pass(4_000)
    expect(slow.socket.closed).toBeUndefined()
    slow.socket.drain()
    await simulated.pass(1_000)
    expect(slow.text).toBe('onetwo')
  })

  test('costs the others nothing', async () => {
    simulated = new SimulatedServer()
    const [alice, slow, bob] = [new Replica(1), new Replica(2), new Replica(3)]
    await simulated.connect('notes', alice, slow, bob)
    slow.socket.block()
    for (let i = 0; i < 50; i++) {
      alice.type('x')
      await simulated.pass(20)
      expect(bob.text).toBe(alice.text)
    }
  })

  test('gets a fresh answer when compaction took the records that it is owed', async () => {
    simulated = new SimulatedServer({ documentWorker: inlineWorker })
    const [alice, slow] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, slow)
    slow.socket.block()
    alice.type('start')
    await simulated.pass(100)
    for (let i = 0; i < 1_200; i++) alice.type('x')
    await simulated.pass(100)
    expect((await simulated.store.stat('notes'))?.snapshotThrough).toBeGreaterThan(1)
    slow.socket.drain()
    await simulated.pass(100)
    expect(slow.text).toBe(alice.text)
  })

  test('that asks and never reads the answers is closed', async () => {
    simulated = new SimulatedServer()
    const mallory = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    await simulated.pass(100)
    mallory.socket.block()
    const ping = new Uint8Array(40_003)
    ping.set([103, 0xc0, 0xb8, 0x02])
    for (let i = 0; i < 40; i++) mallory.socket.receive(ping.slice(0, 4 + 40_000))
    expect(mallory.socket.closed?.code).toBeGreaterThanOrEqual(4400)
  })
})

describe('inbound', () => {
  test('pauses a socket with too many uncommitted bytes until they are durable', async () => {
    simulated = new SimulatedServer({ limits: { connectionUncommittedBytes: 1_000 } })
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    simulated.store.hold()
    alice.type('x'.repeat(2_000))
    expect(alice.socket.isPaused).toBe(true)
    alice.type('more')
    await simulated.pass()
    expect(simulated.store.waitingAppends).toBe(1)
    simulated.store.release()
    await simulated.pass()
    expect(alice.socket.isPaused).toBe(false)
    expect(bob.text).toBe(alice.text)
  })

  test('pauses a socket that sends faster than its allowance, and loses nothing', async () => {
    simulated = new SimulatedServer({
      limits: { connectionBytesPerSecond: 1_000, connectionBurstBytes: 1_000 },
    })
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.type('x'.repeat(3_000)).type('end')
    await simulated.pass(500)
    expect(alice.socket.isPaused).toBe(true)
    expect(bob.text.endsWith('end')).toBe(false)
    await simulated.pass(3_000)
    expect(bob.text).toBe(alice.text)
  })
})
