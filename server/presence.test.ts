import { afterEach, describe, expect, test } from 'vitest'
import { encodeAwarenessEntries } from '../protocol/awareness-message.js'
import { encodeAwareness } from '../protocol/codec.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { Visitor, type VisitorOptions } from '../test/visitor.js'
import type { ServerOptions } from './options.js'

let simulated: SimulatedServer
const visitors: Visitor[] = []

function start(options: Omit<ServerOptions, 'store' | 'environment'> = {}): void {
  simulated = new SimulatedServer(options)
}

function visitor(clientID: number, options: VisitorOptions = {}): Visitor {
  const created = new Visitor(simulated, clientID, options)
  visitors.push(created)
  return created
}

/** Two who see each other, with empty logs. */
async function aliceAndBob(options: VisitorOptions = {}): Promise<[Visitor, Visitor]> {
  const [alice, bob] = [visitor(1, { name: 'alice' }), visitor(2, { name: 'bob', ...options })]
  await alice.enter()
  await bob.enter()
  await simulated.pass(2_000)
  expect(alice.sees).toEqual(['alice', 'bob'])
  expect(bob.sees).toEqual(['alice', 'bob'])
  alice.client.takeLog()
  bob.client.takeLog()
  return [alice, bob]
}

afterEach(async () => {
  for (const each of visitors.splice(0)) each.destroy()
  await simulated.stop()
})

describe('a lost connection', () => {
  test('that is back within the grace period was never seen to be gone', async () => {
    start()
    const [alice, bob] = await aliceAndBob()
    bob.leave(1006)
    await simulated.pass(3_000)
    await bob.enter()
    await simulated.pass(5_000)
    expect(alice.client.takeLog()).toEqual([])
    expect(alice.sees).toEqual(['alice', 'bob'])
    expect(bob.sees).toEqual(['alice', 'bob'])
  })

  test('that stays away is gone when the grace period is over', async () => {
    start({ presence: { graceMs: 10_000 } })
    const [alice, bob] = await aliceAndBob()
    bob.leave(1006)
    await simulated.pass(9_900)
    expect(alice.sees).toEqual(['alice', 'bob'])
    await simulated.pass(200)
    expect(alice.sees).toEqual(['alice'])
  })

  test('has no grace where the document has none', async () => {
    start({ presence: { graceMs: (name) => (name === 'strict' ? 0 : 10_000) } })
    const [alice, bob] = [visitor(1, { name: 'alice' }), visitor(2, { name: 'bob' })]
    await alice.enter('strict')
    await bob.enter('strict')
    await simulated.pass(2_000)
    bob.leave(1006)
    await simulated.pass(100)
    expect(alice.sees).toEqual(['alice'])
  })

  test('is told to extended clients as away and back', async () => {
    start()
    const alice = visitor(1, { name: 'alice', isExtended: true })
    const bob = visitor(2, { name: 'bob' })
    await alice.enter()
    await bob.enter()
    await simulated.pass(2_000)
    bob.leave(1006)
    await simulated.pass(100)
    expect(alice.client.away).toEqual([2])
    const carol = visitor(3, { name: 'carol', isExtended: true })
    await carol.enter()
    await simulated.pass(1_500)
    expect(carol.client.away).toEqual([2])
    await bob.enter()
    await simulated.pass(100)
    expect(alice.client.away).toEqual([])
    expect(carol.client.away).toEqual([])
  })
})

describe('a client that leaves', () => {
  for (const code of [1000, 1001, 1005]) {
    test(`with ${code} is gone at once`, async () => {
      start()
      const [alice, bob] = await aliceAndBob()
      bob.leave(code)
      await simulated.pass(100)
      expect(alice.sees).toEqual(['alice'])
    })
  }
})

test('changes rarer than one a second are shown too', async () => {
  start({ presence: { limits: { changesPerSecond: 0.5 } } })
  const [alice, bob] = [visitor(1, { name: 'alice' }), visitor(2, { name: 'bob' })]
  await alice.enter()
  await bob.enter()
  await simulated.pass(5_000)
  expect(alice.sees).toEqual(['alice', 'bob'])
})

describe('a client that is gone without a word', () => {
  test('is out of the list within heartbeat, its timeout and grace', async () => {
    start({ timings: { heartbeatMs: 25_000, heartbeatTimeoutMs: 10_000 } })
    const [alice, bob] = await aliceAndBob()
    const goneAt = simulated.environment.now()
    bob.vanish()
    while (alice.sees.length > 1) await simulated.pass(100)
    const tookMs = simulated.environment.now() - goneAt
    expect(tookMs).toBeGreaterThan(10_000)
    expect(tookMs).toBeLessThanOrEqual(25_000 + 10_000 + 10_000 + 200)
    expect(bob.socket?.closed?.code).toBe(1006)
  })

  test('is not taken for one that is only silent', async () => {
    start()
    const [alice, bob] = await aliceAndBob()
    await simulated.pass(300_000)
    expect(alice.sees).toEqual(['alice', 'bob'])
    expect(bob.socket?.closed).toBeUndefined()
  })
})

describe('a page that is loaded again', () => {
  test('replaces what it left, at once, when it says which tab it is', async () => {
    start()
    const [alice, bob] = await aliceAndBob({ isExtended: true, tab: 'tab of bob' })
    bob.reload(1006, 22)
    await bob.enter()
    await simulated.pass(200)
    expect([...alice.client.seen.keys()].sort((a, b) => a - b)).toEqual([1, 22])
  })

  test('replaces what it left after the grace when it does not', async () => {
    start()
    const [alice, bob] = await aliceAndBob()
    bob.reload(1006, 22)
    await bob.enter()
    await simulated.pass(2_000)
    expect(alice.client.seenIDs).toEqual([1, 2, 22])
    await simulated.pass(8_500)
    expect(alice.client.seenIDs).toEqual([1, 22])
  })
})

describe('a restarted server', () => {
  test('shows those who come back with unchanged clocks to each other at once', async () => {
    start()
    const [alice, bob] = await aliceAndBob()
    await simulated.stop()
    alice.client.close()
    bob.client.close()
    simulated = simulated.restarted()
    for (const each of [alice, bob]) each.moveTo(simulated)
    await alice.enter()
    await bob.enter()
    await simulated.pass(1_200)
    expect(alice.sees).toEqual(['alice', 'bob'])
    expect(bob.sees).toEqual(['alice', 'bob'])
  })
})

describe('an identity', () => {
  const authenticate: ServerOptions['authenticate'] = ({ headers }) => {
    const user = String(headers['x-user'])
    return { id: user, name: `${user} by login`, access: 'write' }
  }

  test('is stamped by the server into the user of a state', async () => {
    start({ authenticate })
    const alice = visitor(1, { user: 'alice' })
    const mallory = visitor(2, { user: 'mallory' })
    await alice.enter()
    await mallory.enter()
    mallory.client.setState({ cursor: 7, user: { id: 'alice', name: 'Alice', color: '#f00' } })
    await simulated.pass(2_000)
    expect(alice.client.seen.get(2)).toEqual({
      cursor: 7,
      user: { id: 'mallory', name: 'mallory by login', color: '#f00' },
    })
  })

  test('of another cannot be spoken for, nor sent away', async () => {
    start({ authenticate })
    const [alice, bob] = [visitor(1, { user: 'alice' }), visitor(2, { user: 'bob' })]
    const mallory = visitor(3, { user: 'mallory' })
    for (const each of [alice, bob, mallory]) await each.enter()
    await simulated.pass(2_000)
    const before = alice.client.seen.get(2)
    for (const state of [undefined, new TextEncoder().encode('{"name":"forged"}')]) {
      const entries = [{ clientID: 2, clock: 1_000, state }]
      mallory.socket?.receive(encodeAwareness(encodeAwarenessEntries(entries)))
    }
    await simulated.pass(1_000)
    expect(alice.client.seen.get(2)).toEqual(before)
    bob.client.setState({ name: 'bob moved' })
    await simulated.pass(1_000)
    expect(alice.client.seen.get(2)).toMatchObject({ name: 'bob moved' })
  })
})

describe('presence of a document', () => {
  test('is told to the embedding program, as a list and as events', async () => {
    start()
    const document = simulated.server.document('notes')
    const events: string[] = []
    const stop = document.onPresence(({ type, clientID }) => {
      events.push(`${type} ${clientID}`)
      throw new Error('a listener of the application fails')
    })
    const [alice, bob] = await aliceAndBob()
    expect(document.presence.map(({ clientID, isAway }) => [clientID, isAway])).toEqual([
      [1, false],
      [2, false],
    ])
    bob.client.setState({ name: 'bob', cursor: 3 })
    await simulated.pass(100)
    bob.leave(1006)
    await simulated.pass(100)
    expect(document.presence.find(({ clientID }) => clientID === 2)).toMatchObject({
      isAway: true,
      state: { name: 'bob', cursor: 3 },
    })
    await simulated.pass(11_000)
    stop()
    alice.leave(1000)
    await simulated.pass(100)
    expect(events).toEqual(['joined 1', 'joined 2', 'updated 2', 'away 2', 'left 2'])
    expect(document.presence).toEqual([])
  })

  test('reaches a connection as one message per flush, of each client the newest', async () => {
    start()
    const [alice, bob] = await aliceAndBob()
    const carol = visitor(3, { name: 'carol' })
    await carol.enter()
    await simulated.pass(2_000)
    alice.socket?.forget()
    for (let i = 0; i < 20; i++) {
      bob.client.setState({ name: 'bob', cursor: i })
      carol.client.setState({ name: 'carol', cursor: i })
    }
    await simulated.environment.settle()
    expect(alice.socket?.of('awareness')).toHaveLength(1)
    expect(alice.client.seen.get(2)).toEqual({ name: 'bob', cursor: 19 })
    expect(alice.client.seen.get(3)).toEqual({ name: 'carol', cursor: 19 })
  })
})
