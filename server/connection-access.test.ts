import { afterEach, describe, expect, test } from 'vitest'
import { CairnError } from '../protocol/errors.js'
import { encodeToken } from '../protocol/extension-codec.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import type { ConnectionRequest, Principal } from './principal.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

/** A server that knows these tokens; a connection without one is `first`. */
function serve(tokens: Readonly<Record<string, () => Principal | Promise<Principal>>>): void {
  simulated = new SimulatedServer({
    authenticate: ({ token = 'first' }: ConnectionRequest) => {
      const known = tokens[token]
      if (known === undefined) throw new Error(`no token ${token}`)
      return known()
    },
  })
}

function inMs(ms: number): number {
  return simulated.environment.wallClock() + ms
}

async function connect(options: { isExtended?: boolean } = { isExtended: true }): Promise<Replica> {
  const replica = new Replica(1).connect(simulated.server, 'notes', options)
  await simulated.pass(100)
  return replica
}

async function sendToken(replica: Replica, token: string): Promise<void> {
  replica.socket.receive(encodeToken(token))
  await simulated.pass(100)
}

describe('the access message', () => {
  test('follows hello, in one write, where there is more to say', async () => {
    serve({ first: () => ({ id: 'ada', access: 'read', expiresAt: inMs(60_000) }) })
    const { socket } = await connect()
    expect(socket.messages.map(({ type }) => type).slice(0, 2)).toEqual(['hello', 'access'])
    expect(socket.of('access')).toEqual([
      { type: 'access', access: 'read', principal: 'ada', expiresInMs: 60_000 },
    ])
  })

  test('says 0 for a token that is good for good', async () => {
    serve({ first: () => ({ id: 'ada', access: 'write' }) })
    const { socket } = await connect()
    expect(socket.of('access')).toMatchObject([{ access: 'write', expiresInMs: 0 }])
  })

  test('is not sent where nobody authenticates, nor to stock clients', async () => {
    simulated = new SimulatedServer()
    const anonymous = await connect()
    expect(anonymous.socket.of('access')).toEqual([])
    await simulated.stop()
    serve({ first: () => ({ id: 'ada', access: 'write' }) })
    const stock = await connect({})
    expect(stock.socket.sent.filter((message) => (message[0] ?? 0) >= 100)).toEqual([])
  })
})

describe('a token that runs out', () => {
  test.each([true, false])(
    'closes with 4501 after 5 s of grace; extended: %s',
    async (isExtended) => {
      serve({ first: () => ({ id: 'ada', access: 'write', expiresAt: inMs(10_000) }) })
      const replica = await connect({ isExtended })
      await simulated.pass(14_000)
      expect(replica.socket.closed).toBeUndefined()
      replica.type('within the grace')
      await simulated.pass(500)
      expect((await simulated.store.stat('notes'))?.head).toBe(1)
      await simulated.pass(1_000)
      expect(replica.socket.closed).toMatchObject({
        code: 4501,
        reason: expect.stringMatching(/^TOKEN_EXPIRED: /),
      })
    },
  )

  test('is refused from the start', async () => {
    serve({ first: () => ({ id: 'ada', access: 'write', expiresAt: inMs(-1) }) })
    const { socket } = await connect()
    expect(socket.closed?.code).toBe(4501)
    expect(socket.of('hello')).toEqual([])
  })

  test('leaves no timer behind when its connection closes first', async () => {
    serve({ first: () => ({ id: 'ada', access: 'write', expiresAt: inMs(1e9) }) })
    const { socket } = await connect()
    socket.disconnect()
    await simulated.stop()
    expect(simulated.environment.pendingTimers).toBe(0)
  })

  test.each([
    ['seconds', 1_800_000_000],
    ['nothing that a clock says', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])(
    'must say when in milliseconds: %s are a mistake of the application',
    async (_what, expiresAt) => {
      serve({ first: () => ({ id: 'ada', access: 'write', expiresAt }) })
      const { socket } = await connect()
      expect(socket.closed).toMatchObject({
        code: 1011,
        reason: expect.stringContaining('expiresAt'),
      })
    },
  )
})

describe('a newer token', () => {
  test('keeps the connection beyond the end of the first one', async () => {
    serve({
      first: () => ({ id: 'ada', access: 'write', expiresAt: inMs(10_000) }),
      newer: () => ({ id: 'ada', access: 'write', expiresAt: inMs(60_000) }),
    })
    const replica = await connect()
    replica.socket.forget()
    await sendToken(replica, 'newer')
    expect(replica.socket.of('access')).toMatchObject([{ principal: 'ada', expiresInMs: 60_000 }])
    await simulated.pass(50_000)
    expect(replica.socket.closed).toBeUndefined()
    await simulated.pass(20_000)
    expect(replica.socket.closed?.code).toBe(4501)
  })

  test('makes a writer of a reader, who is asked for what it has', async () => {
    serve({
      first: () => ({ id: 'ada', access: 'read' }),
      newer: () => ({ id: 'ada', access: 'write' }),
    })
    const replica = await connect()
    replica.type('early ')
    await simulated.pass(100)
    expect(replica.socket.of('reject').at(-1)?.code).toBe('FORBIDDEN')
    replica.socket.forget()
    await sendToken(replica, 'newer')
    expect(replica.socket.messages.slice(0, 2).map(({ type }) => type)).toEqual([
      'access',
      'sync-step-1',
    ])
    replica.type('late')
    await simulated.pass(100)
    const observer = new Replica(2)
    await simulated.connect('notes', observer)
    expect(observer.text).toBe('early late')
  })

  test('makes a reader of a writer, whose updates are refused from then on', async () => {
    serve({
      first: () => ({ id: 'ada', access: 'write' }),
      newer: () => ({ id: 'ada', access: 'read' }),
    })
    const replica = await connect()
    replica.type('kept')
    await sendToken(replica, 'newer')
    replica.socket.forget()
    replica.type('refused')
    await simulated.pass(100)
    expect(replica.socket.of('reject')).toMatchObject([{ code: 'FORBIDDEN', retryAfterMs: 0 }])
    expect(replica.socket.of('sync-step-1')).toEqual([])
    expect((await simulated.store.stat('notes'))?.head).toBe(1)
  })

  test('of somebody else closes with 4403, and changes nothing', async () => {
    serve({
      first: () => ({ id: 'ada', access: 'read' }),
      other: () => ({ id: 'bob', access: 'write' }),
    })
    const { socket } = await connect().then(async (replica) => {
      await sendToken(replica, 'other')
      return replica
    })
    expect(socket.closed?.code).toBe(4403)
    expect(socket.of('access')).toHaveLength(1)
  })

  test.each([
    ['unknown', 4401],
    ['gone', 4404],
    ['old', 4501],
    ['x'.repeat(8_193), 4401],
  ])('that is refused closes as at the start: %.10s with %d', async (token, code) => {
    serve({
      first: () => ({ id: 'ada', access: 'write' }),
      old: () => ({ id: 'ada', access: 'write', expiresAt: inMs(-1) }),
      gone: () => {
        throw new CairnError('NO_SUCH_DOCUMENT', 'it was removed')
      },
    })
    const replica = await connect()
    await sendToken(replica, token)
    expect(replica.socket.closed?.code).toBe(code)
  })

  test('may come once a second, and not while one is being looked at', async () => {
    let answer: (principal: Principal) => void = () => undefined
    serve({
      first: () => ({ id: 'ada', access: 'write' }),
      slow: () =>
        new Promise<Principal>((resolve) => {
          answer = resolve
        }),
    })
    const often = await connect()
    await sendToken(often, 'first')
    await simulated.pass(1_000)
    await sendToken(often, 'first')
    expect(often.socket.closed).toBeUndefined()
    await sendToken(often, 'first')
    expect(often.socket.closed).toMatchObject({
      code: 4529,
      reason: expect.stringMatching(/^RATE;retry-after=1000: /),
    })
    const both = await connect()
    await sendToken(both, 'slow')
    await simulated.pass(5_000)
    await sendToken(both, 'first')
    expect(both.socket.closed?.code).toBe(4529)
    // What comes of it then is nobody's any more.
    answer({ id: 'ada', access: 'write' })
    await simulated.pass(100)
    expect(both.socket.of('access')).toHaveLength(1)
  })

  test('of a stock connection is passed over', async () => {
    serve({ first: () => ({ id: 'ada', access: 'write' }) })
    const stock = await connect({})
    stock.socket.forget()
    await sendToken(stock, 'unknown')
    expect(stock.socket.closed).toBeUndefined()
    expect(stock.socket.sent).toEqual([])
  })
})
