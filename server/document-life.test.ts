import { afterEach, describe, expect, test } from 'vitest'
import { parseCloseReason } from '../protocol/close-reason.js'
import { CairnError } from '../protocol/errors.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

describe('a document', () => {
  test('is opened once, however many ask for it', async () => {
    simulated = new SimulatedServer()
    const replicas = Array.from({ length: 20 }, (_, i) => new Replica(i + 1))
    await simulated.connect('notes', ...replicas)
    expect(simulated.store.openLogs).toBe(1)
    expect(simulated.server.documentCount).toBe(1)
    expect(replicas.every((replica) => replica.isSynced)).toBe(true)
  })

  test('is unloaded when the last connection has been gone for unloadMs', async () => {
    simulated = new SimulatedServer({ timings: { unloadMs: 5_000 } })
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('kept')
    await simulated.pass(100)
    alice.socket.disconnect(1000)
    await simulated.pass(4_000)
    expect(simulated.server.documentCount).toBe(1)
    await simulated.pass(2_000)
    expect(simulated.server.documentCount).toBe(0)
    expect(simulated.store.openLogs).toBe(0)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe('kept')
  })

  test('stays while somebody comes back in time', async () => {
    simulated = new SimulatedServer({ timings: { unloadMs: 5_000 } })
    const alice = new Replica(1)
    for (let i = 0; i < 5; i++) {
      await simulated.connect('notes', alice)
      alice.socket.disconnect(1000)
      await simulated.pass(4_000)
    }
    expect(simulated.server.documentCount).toBe(1)
  })

  test('can be left and opened again at every step of its unloading, and loses nothing', async () => {
    simulated = new SimulatedServer({ timings: { unloadMs: 10 } })
    const alice = new Replica(1)
    let expected = ''
    for (let step = 0; step < 60; step++) {
      alice.connect(simulated.server, 'notes')
      // Different numbers of promise reactions: the close and the next open meet everywhere.
      for (let i = 0; i < step % 12; i++) await Promise.resolve()
      if (step % 3 === 0) await simulated.environment.settle()
      alice.type(`${step} `)
      expected += `${step} `
      if (step % 4 === 0) await simulated.pass(step % 20)
      alice.socket.disconnect(1000)
      if (step % 5 === 0) await simulated.pass(10 + (step % 3))
    }
    await simulated.connect('notes', alice)
    await simulated.pass(100)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(alice.text).toBe(expected)
    expect(bob.text).toBe(expected)
  })

  test('that is damaged is refused with 4503, without reading it each time, and no other is', async () => {
    simulated = new SimulatedServer({ timings: { quarantineMs: 30_000 } })
    simulated.store.openError = new CairnError('DOCUMENT_DAMAGED', 'record 7 of "notes" is missing')
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    expect(alice.socket.closed?.code).toBe(4503)
    expect(alice.socket.closed?.reason).toContain('DOCUMENT_DAMAGED')
    simulated.store.openError = undefined
    await simulated.connect('notes', alice)
    expect(alice.socket.closed?.code).toBe(4503)
    const bob = new Replica(2)
    await simulated.connect('other', bob)
    expect(bob.isSynced).toBe(true)
    await simulated.pass(31_000)
    await simulated.connect('notes', alice)
    expect(alice.isSynced).toBe(true)
  })

  test('keeps a connection alive that nobody says anything to', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    await simulated.pass(2_000)
    alice.socket.forget()
    await simulated.pass(65_000)
    const keepAlives = alice.socket.sent.filter((message) => message.join() === '1,1,0')
    expect(keepAlives.length).toBeGreaterThanOrEqual(3)
  })
})

describe('limits of a document', () => {
  test('refuse the update that would pass them, by 4413 or by a reject message', async () => {
    simulated = new SimulatedServer({ limits: { documentBytes: 100, documentRootNames: 2 } })
    const stock = new Replica(1)
    const extended = new Replica(2)
    await simulated.connect('notes', stock)
    extended.connect(simulated.server, 'notes', { isExtended: true })
    await simulated.pass(100)
    extended.doc.getText('a').insert(0, 'a')
    extended.doc.getText('b').insert(0, 'b')
    extended.doc.getText('c').insert(0, 'c')
    await simulated.pass(100)
    const [reject] = extended.socket.of('reject')
    expect(reject).toMatchObject({ frame: 4, code: 'LIMIT_REACHED' })
    expect(extended.socket.closed).toBeUndefined()
    expect(extended.socket.of('acknowledge').at(-1)?.count).toBe(4)
    stock.type('x'.repeat(200))
    await simulated.pass(100)
    expect(stock.socket.closed?.code).toBe(4413)
  })

  test.each(['documentConnections', 'connections'])(
    'such as %s tell the connection that is one too many to come back later',
    async (name) => {
      simulated = new SimulatedServer({ limits: { [name]: 2 } })
      const replicas = [new Replica(1), new Replica(2), new Replica(3), new Replica(4)]
      await simulated.connect('notes', ...replicas)
      const closes = replicas.map((replica) => replica.socket.closed)
      expect(closes.map((close) => close?.code)).toEqual([undefined, undefined, 4529, 4529])
      const waits = closes.slice(2).map((close) => parseCloseReason(close?.reason ?? ''))
      for (const { code, retryAfterMs } of waits) {
        expect(code).toBe('RATE')
        expect(retryAfterMs).toBeGreaterThanOrEqual(5_000)
        expect(retryAfterMs).toBeLessThanOrEqual(10_000)
      }
      expect(waits[0]?.retryAfterMs).not.toBe(waits[1]?.retryAfterMs)
    },
  )
})
