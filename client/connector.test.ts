import { afterEach, describe, expect, test, vi } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { encodeAwareness } from '../protocol/codec.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'

const rigs: ProviderRig[] = []

function rig(options: RigOptions = {}): ProviderRig {
  const made = new ProviderRig(options)
  rigs.push(made)
  return made
}

/** How long each attempt came after the one before it was lost, over so many that fail. */
async function waits({ environment, network }: ProviderRig, attempts: number): Promise<number[]> {
  const found: number[] = []
  for (let attempt = 0; attempt < attempts; attempt++) {
    const count = network.sockets.length
    const lostAt = environment.now()
    network.socket.accept().end()
    while (network.sockets.length === count) await environment.advance(10)
    found.push(environment.now() - lostAt)
  }
  return found
}

afterEach(() => {
  for (const { provider, doc } of rigs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

describe('C10 coming back', () => {
  test('waits at random, up to twice as long each time, also where sockets open and end', async () => {
    const { length } = Array.from({ length: 12 })
    const found = await waits(rig(), length)
    found.forEach((wait, attempt) => {
      expect(wait).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** attempt) + 10)
    })
    expect(Math.max(...found.slice(6))).toBeGreaterThan(8_000)
    expect(new Set(found).size).toBeGreaterThan(6)
  })

  test('waits no longer than the application allows', async () => {
    const found = await waits(rig({ maxBackoffTime: 100 }), 8)
    expect(Math.max(...found)).toBeLessThanOrEqual(110)
  })

  test('begins anew after a sync, not after an open socket or a hello', async () => {
    const { provider, socket, network, environment } = rig()
    socket.greet().end()
    expect(provider.wsUnsuccessfulReconnects).toBe(1)
    await environment.advance(500)
    network.socket.greet().end()
    expect(provider.wsUnsuccessfulReconnects).toBe(2)
    await environment.advance(1_000)
    network.socket.greet().sync()
    expect(provider.wsUnsuccessfulReconnects).toBe(0)
  })

  test('gives up a socket that does not open within 15 s', async () => {
    const { provider, network, environment } = rig()
    await environment.advance(15_000)
    expect(network.sockets[0]?.closedWith).toBe(1000)
    expect(provider.status.reason?.message).toContain('15000 ms')
    await environment.advance(500)
    expect(network.sockets).toHaveLength(2)
  })
})

describe('C11 a server that says when to come back', () => {
  test('is not asked before', async () => {
    const { socket, network, environment, provider } = rig()
    socket.greet().end(4529, 'RATE;retry-after=60000: too many')
    expect(provider.status.reason).toMatchObject({ code: 'RATE', retryAfterMs: 60_000 })
    await environment.advance(60_000 - 1)
    expect(network.sockets).toHaveLength(1)
    await environment.advance(501)
    expect(network.sockets).toHaveLength(2)
  })
})

describe('C12 a close', () => {
  test.each([4400, 4401, 4499])('with %i is final and says why', async (code) => {
    const { socket, network, environment, provider, of } = record(rig())
    socket.greet().end(code, 'FORBIDDEN: not yours')
    expect(provider.status).toMatchObject({ state: 'closed' })
    expect(provider.status.reason).toMatchObject({ code: 'FORBIDDEN', closeCode: code })
    expect(of('closed')).toEqual([{ code, reason: 'FORBIDDEN: not yours' }])
    expect(provider.shouldConnect).toBe(false)
    await environment.advance(600_000)
    expect(network.sockets).toHaveLength(1)
    provider.connect()
    network.socket.greet().sync()
    expect(provider.status).toMatchObject({ state: 'live', reason: undefined })
  })

  test.each([1000, 1001, 1006, 1012, 4399, 4500, 4503])('with %i comes back', async (code) => {
    const { socket, network, environment, provider, of } = record(rig())
    socket.greet().end(code, '')
    expect(provider.status.state).toBe('reconnecting')
    await environment.advance(500)
    expect(network.sockets).toHaveLength(2)
    expect(of('closed')).toEqual([])
  })

  test('is final where the application says so, and not where it does not', async () => {
    const mine = record(rig({ shouldReconnect: ({ code }) => code === 4401 }))
    mine.socket.greet().end(4401)
    await mine.environment.advance(500)
    mine.socket.greet().end(1006)
    expect(mine.of('closed')).toEqual([{ code: 1006, reason: '' }])
  })
})

/** So that a test may take the method apart from its rig. */
function record(made: ProviderRig) {
  return {
    get socket() {
      return made.socket
    },
    network: made.network,
    environment: made.environment,
    provider: made.provider,
    of: (name: string) => made.of(name),
  }
}

test('C12 a shouldReconnect that throws is reported, and the convention holds', async () => {
  const report = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { network, environment } = rig({
    shouldReconnect: () => {
      throw new Error('of the application')
    },
  })
  network.socket.end(1006, '')
  await environment.advance(500)
  expect(network.sockets).toHaveLength(2)
  expect(report).toHaveBeenCalledOnce()
  report.mockRestore()
})

describe('the states', () => {
  test('follow each other, each told once, with the time that they began', async () => {
    const made = rig({ connect: false })
    made.provider.connect()
    await made.environment.advance(100)
    made.socket.greet().sync(new Y.Doc())
    await made.reconnect()
    made.socket.greet().sync()
    made.socket.end(4403)
    const states = made.of('state').map((status) => Reflect.get(Object(status), 'state'))
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual([
      'connecting',
      'syncing',
      'live',
      'reconnecting',
      'syncing',
      'live',
      'closed',
    ])
    expect(made.provider.status.since).toBe(made.environment.wallClock())
    expect(made.provider.status.lastConnected).toBe(made.environment.wallClock())
  })

  test('are objects that change no more, and are told only where something is different', async () => {
    const made = rig()
    made.socket.greet().sync()
    const before = made.provider.status
    const count = made.of('state').length
    made.socket.receive(Uint8Array.of(1, 1, 0))
    expect(made.of('state')).toHaveLength(count)
    made.socket.end()
    expect(before.state).toBe('live')
    expect(Object.isFrozen(before)).toBe(true)
    expect(made.provider.status).not.toBe(before)
  })

  test('C14 a server that has fallen silent is left within 35 s', async () => {
    const made = rig()
    made.socket.greet().sync()
    await made.environment.advance(35_000)
    expect(made.network.sockets[0]?.closedWith).toBe(4000)
    expect(made.provider.status.reason?.code).toBe('TIMEOUT')
  })

  test('C15 the latency is that of the last ping, the first of which follows the sync', async () => {
    const made = rig()
    made.socket.greet().sync()
    expect(made.provider.status.latencyMs).toBeUndefined()
    await made.environment.advance(12)
    made.socket.receive(Uint8Array.of(104, 0))
    expect(made.provider.status.latencyMs).toBe(12)
    await made.environment.advance(25_021)
    made.socket.receive(Uint8Array.of(104, 0))
    expect(made.provider.status.latencyMs).toBe(33)
  })
})

describe('C19 an attempt', () => {
  test('waits for its token, and takes a fresh one each time', async () => {
    let calls = 0
    const made = rig({ token: async () => `t${++calls}` })
    expect(made.network.sockets).toHaveLength(0)
    await made.environment.settle()
    await made.reconnect()
    const tokens = made.network.sockets.map(({ protocols }) => protocols.at(-1))
    expect(tokens.slice(0, 2)).toEqual(['cairn.token.dDE', 'cairn.token.dDI'])
  })

  test('is made again where the token cannot be got, and nothing is closed for good', async () => {
    let calls = 0
    const token = async (): Promise<string> => {
      if (++calls === 1) throw new Error('no session')
      return 't'
    }
    const made = rig({ token })
    await made.environment.settle()
    expect(made.provider.status.reason?.code).toBe('TOKEN_FAILED')
    await made.environment.advance(500)
    expect(made.network.sockets).toHaveLength(1)
    expect(made.of('connection-close')).toEqual([])
  })

  test('is not made where `disconnect` came while the token was got', async () => {
    const made = rig({ token: async () => 't' })
    made.provider.disconnect()
    await made.environment.advance(60_000)
    expect(made.network.sockets).toHaveLength(0)
  })
})

describe('a listener that throws', () => {
  test('is reported, and keeps nobody else from hearing', () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const made = rig()
    made.provider.once('sync', () => {
      throw new Error('mine')
    })
    const heard: boolean[] = []
    made.provider.on('sync', (isSynced) => heard.push(isSynced))
    made.socket.greet().sync()
    expect(heard).toEqual([true])
    expect(reported).toHaveBeenCalledTimes(1)
    reported.mockRestore()
  })
})

test('a destroyed provider keeps no timer and no socket', async () => {
  const made = rig()
  made.socket.greet().sync()
  made.provider.destroy()
  made.provider.destroy()
  await made.environment.settle()
  expect(made.environment.pendingTimers).toBe(0)
  expect(made.socket.closedWith).toBe(1000)
  await expect(made.provider.whenSaved()).rejects.toMatchObject({ code: 'DESTROYED' })
})

test('C43 a document that was given another clientID, as Yjs does, keeps its presence', () => {
  const made = rig()
  made.goLive()
  made.doc.clientID = 4_711
  made.provider.awareness.setLocalStateField('name', 'ada')
  expect(made.socket.of('awareness').length).toBeGreaterThan(1)
  expect(() => made.provider.disconnect()).not.toThrow()
  expect(made.provider.awareness.getLocalState()).toEqual({ name: 'ada' })
})

test('what a listener on the awareness throws is told, and the client comes back all the same', async () => {
  const made = rig()
  made.goLive()
  const other = new Awareness(new Y.Doc())
  other.setLocalState({ name: 'eve' })
  made.socket.receive(encodeAwareness(encodeAwarenessUpdate(other, [other.clientID])))
  const { awareness } = made.provider
  expect(awareness.getStates().has(other.clientID)).toBe(true)
  const fail = (): void => {
    throw new Error('of the application')
  }
  awareness.on('update', fail)
  expect(() => made.socket.end()).not.toThrow()
  expect(awareness.getStates().has(other.clientID)).toBe(false)
  await made.nextAttempt()
  made.goLive()
  expect(made.provider.status.state).toBe('live')
  expect(made.of('error')).toHaveLength(2)
  awareness.off('update', fail)
  other.destroy()
})

test('a destroyed provider says so where it is told to connect', () => {
  const made = rig({ connect: false })
  made.provider.destroy()
  expect(() => made.provider.connect()).toThrow('make another one')
  expect(made.network.sockets).toHaveLength(0)
})
