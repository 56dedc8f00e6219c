import { describe, expect, test } from 'vitest'
import { memoryStore } from '../persistence/memory-store.js'
import { parseCloseReason } from '../protocol/close-reason.js'
import { RecordingSocket } from '../test/recording-socket.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { createServer } from './cairn-server.js'

describe('close', () => {
  test('makes durable, shows and acknowledges what is in flight, then closes with 1012', async () => {
    const simulated = new SimulatedServer()
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    simulated.store.hold()
    alice.type('last words')
    const closed = simulated.server.close({ deadlineMs: 5_000 })
    await simulated.pass(1_000)
    expect(alice.socket.closed).toBeUndefined()
    simulated.store.release()
    await simulated.run(closed)
    expect(bob.text).toBe('last words')
    expect(alice.socket.of('acknowledge').at(-1)?.count).toBe(2)
    expect([alice.socket.closed?.code, bob.socket.closed?.code]).toEqual([1012, 1012])
    expect(simulated.server.connectionCount).toBe(0)
    expect(simulated.server.documentCount).toBe(0)
    expect(simulated.store.health.state).toBe('closed')
    expect(simulated.environment.pendingTimers).toBe(0)
  })

  test('reads nothing more once it has begun', async () => {
    const simulated = new SimulatedServer()
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    simulated.store.hold()
    alice.type('in flight')
    const closed = simulated.server.close({ deadlineMs: 5_000 })
    await simulated.pass(100)
    alice.type(', too late')
    await simulated.pass(100)
    expect(simulated.store.waitingAppends).toBe(1)
    simulated.store.release()
    await simulated.run(closed)
    expect(bob.text).toBe('in flight')
  })

  test('cuts off what still stands at the deadline', async () => {
    const simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    simulated.store.hold()
    alice.type('never durable')
    const start = simulated.environment.now()
    const closed = simulated.server.close({ deadlineMs: 2_000 })
    await simulated.pass(1_900)
    expect(alice.socket.closed).toBeUndefined()
    await simulated.pass(200)
    expect(alice.socket.closed?.code).toBe(1012)
    simulated.store.release()
    await simulated.run(closed)
    expect(simulated.environment.now() - start).toBeLessThan(3_000)
  })

  test('tells each connection to come back at another time, spread by how many there are', async () => {
    const simulated = new SimulatedServer()
    const sockets = Array.from({ length: 1_000 }, () => new RecordingSocket())
    const request = { documentName: 'notes', url: '/notes', headers: {}, remoteAddress: undefined }
    for (const socket of sockets) simulated.server.accept(socket, request)
    await simulated.environment.settle()
    await simulated.run(simulated.server.close())
    const waits = sockets.map(({ closed }) => parseCloseReason(closed?.reason ?? '').retryAfterMs)
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000)
    // Uniformly: a tenth of them in each tenth of the time, give or take.
    for (let from = 0; from < 2_000; from += 200) {
      const share = waits.filter((wait) => wait >= from && wait < from + 200).length
      expect(share).toBeGreaterThan(60)
      expect(share).toBeLessThan(140)
    }
  })

  test('is idempotent, also before anything was opened', async () => {
    const simulated = new SimulatedServer()
    await simulated.run(Promise.all([simulated.server.close(), simulated.server.close()]))
    await simulated.run(simulated.server.close())
    await expect(simulated.server.open()).rejects.toMatchObject({ code: 'GOING_AWAY' })
  })

  test('refuses who comes meanwhile with 1012', async () => {
    const simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    simulated.store.hold()
    alice.type('x')
    const closed = simulated.server.close({ deadlineMs: 5_000 })
    await simulated.pass(100)
    const late = new RecordingSocket()
    const request = { documentName: 'notes', url: '/notes', headers: {}, remoteAddress: undefined }
    simulated.server.accept(late, request)
    expect(late.closed?.code).toBe(1012)
    simulated.store.release()
    await simulated.run(closed)
  })

  test('ends a listen that was under way', async () => {
    const server = createServer({ store: memoryStore() })
    const refused = expect(server.listen({ port: 0 })).rejects.toMatchObject({ code: 'GOING_AWAY' })
    await server.close()
    await refused
  })
})
