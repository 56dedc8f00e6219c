import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemEnvironment } from '../runtime/system-environment.js'
import { ClientPool } from './client-pool.js'
import { LiveServer } from './live-server.js'
import type { StockClient } from './stock-client.js'
import { polled, waitFor } from './wait-for.js'

const graceMs = 1_500
const heartbeatMs = 300
const heartbeatTimeoutMs = 300

let server: LiveServer
let pool: ClientPool
let documents = 0
let name: string

beforeAll(async () => {
  server = await LiveServer.start({
    presence: { graceMs },
    timings: { heartbeatMs, heartbeatTimeoutMs },
  })
})

afterEach(() => pool.destroy())

afterAll(() => server.destroy())

/** Two who see each other, and the log of what alice's awareness says changes from then on. */
async function aliceAndBob(): Promise<{ alice: StockClient; bob: StockClient; log: string[] }> {
  pool = new ClientPool(server)
  name = `presence ${++documents}`
  const alice = await pool.stock(name, { state: { name: 'alice' } }).online()
  const bob = await pool.stock(name, { state: { name: 'bob' } }).online()
  await alice.sees(bob, { name: 'bob' })
  await bob.sees(alice, { name: 'alice' })
  const log: string[] = []
  const note = (changes: { added: number[]; updated: number[]; removed: number[] }): void => {
    for (const [what, clientIDs] of Object.entries(changes)) {
      if (clientIDs.includes(bob.doc.clientID)) log.push(what)
    }
  }
  alice.provider.awareness.on('change', note)
  return { alice, bob, log }
}

function socketOf(client: StockClient): WebSocket {
  const { ws } = client.provider as { readonly ws?: unknown }
  if (ws instanceof WebSocket) return ws
  throw new Error('the client has no socket')
}

async function gone(observer: StockClient): Promise<number> {
  const start = systemEnvironment.now()
  await waitFor('the other is gone', () => observer.others.size === 0, observer)
  return systemEnvironment.now() - start
}

describe('over real sockets, for stock clients', () => {
  test('a lost connection that is back within the grace leaves no trace with a peer', async () => {
    const { alice, bob, log } = await aliceAndBob()
    socketOf(bob).terminate()
    await waitFor('bob has lost his connection', () => !bob.isOnline, bob)
    await bob.online()
    await bob.sees(alice, { name: 'alice' })
    await waitedOut(graceMs + 200)
    expect(log).toEqual([])
    bob.setState({ name: 'bob', cursor: 1 })
    await alice.sees(bob, { name: 'bob', cursor: 1 })
  })

  test('a lost connection that stays away is gone after the grace, not before', async () => {
    const { alice, bob, log } = await aliceAndBob()
    const away: number[] = []
    const stop = server.cairn.document(name).onPresence(({ type }) => {
      if (type === 'away') away.push(systemEnvironment.now())
    })
    Object.assign(bob.provider, { shouldConnect: false })
    socketOf(bob).terminate()
    await gone(alice)
    const [since = Number.NaN] = away
    expect(systemEnvironment.now() - since).toBeGreaterThanOrEqual(graceMs - 50)
    expect(log).toEqual(['removed'])
    stop()
  })

  test('a clean leave is seen at once', async () => {
    const { alice, bob, log } = await aliceAndBob()
    const told: string[] = []
    const stop = server.cairn.document(name).onPresence(({ type }) => told.push(type))
    bob.provider.disconnect()
    await gone(alice)
    expect(log).toEqual(['removed'])
    // Nobody waited out his grace.
    expect(told).not.toContain('away')
    stop()
  })

  test('who is gone without a word is out of the list within heartbeat and grace', async () => {
    const { alice, bob } = await aliceAndBob()
    Object.assign(bob.provider, { shouldConnect: false })
    // It reads nothing any more, so that it answers no ping, and nobody closes anything.
    socketOf(bob).pause()
    const tookMs = await gone(alice)
    expect(tookMs).toBeGreaterThanOrEqual(graceMs)
    await waitFor('it is closed', () => server.cairn.connectionCount === 1, polled)
  })

  test('after a restart of the server they see each other again', async () => {
    const { alice, bob } = await aliceAndBob()
    await server.restart()
    await Promise.all([alice.online(), bob.online()])
    await alice.sees(bob, { name: 'bob' })
    await bob.sees(alice, { name: 'alice' })
  })
})

/** Absence has no event: the one thing here that must be waited out. */
function waitedOut(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemEnvironment.setTimer(resolve, ms)
  })
}
