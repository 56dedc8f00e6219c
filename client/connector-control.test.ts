import { afterEach, describe, expect, test, vi } from 'vitest'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'
import type { CairnProvider } from './cairn-provider.js'

const rigs: ProviderRig[] = []

function rig(options: RigOptions = {}): ProviderRig {
  const made = new ProviderRig(options)
  rigs.push(made)
  return made
}

afterEach(() => {
  for (const { provider, doc } of rigs.splice(0)) {
    provider.destroy()
    doc.destroy()
  }
})

/** A provider that has failed so often that its next attempt is half a minute away. */
async function waiting(): Promise<ProviderRig> {
  const made = rig()
  vi.spyOn(made.environment, 'random').mockReturnValue(0.99)
  for (let attempt = 0; attempt < 7; attempt++) await made.reconnect()
  made.socket.end()
  return made
}

describe('C35 connect, where the provider waits for its next attempt,', () => {
  test('tries at once, and goes on from there where that fails', async () => {
    const { provider, network, environment, socket } = await waiting()
    const { length } = network.sockets
    provider.connect()
    expect(network.sockets).toHaveLength(length + 1)
    expect(network.socket).not.toBe(socket)
    network.socket.end()
    expect(provider.wsUnsuccessfulReconnects).toBe(9)
    await environment.advance(29_000)
    expect(network.sockets).toHaveLength(length + 1)
  })

  test('tries once a second where a listener calls it again and again', async () => {
    const { provider, network, environment } = await waiting()
    const { length } = network.sockets
    const connect = (): void => provider.connect()
    provider.on('connection-close', connect)
    provider.on('state', ({ state }) => {
      if (state === 'reconnecting' && !provider.wsconnecting) connect()
    })
    provider.connect()
    for (let i = 0; i < 100; i++) {
      network.socket.end()
      await environment.advance(100)
    }
    provider.off('connection-close', connect)
    expect(network.sockets.length - length).toBeGreaterThan(5)
    expect(network.sockets.length - length).toBeLessThanOrEqual(12)
  })

  test('C11 tries before the server wants it: the application knows why', () => {
    const { provider, network } = rig()
    network.socket.end(4529, 'RATE;retry-after=60000: too many')
    provider.connect()
    expect(network.sockets).toHaveLength(2)
  })
})

describe('C38 shouldConnect that is set to false', () => {
  test('leaves a connection as it is, and lets it not come back until connect', async () => {
    const { provider, network, environment, socket } = rig().goLive()
    provider.shouldConnect = false
    expect(provider.status.state).toBe('live')
    socket.end()
    expect(provider.status.state).toBe('offline')
    await environment.advance(600_000)
    expect(network.sockets).toHaveLength(1)
    expect(environment.pendingTimers).toBe(0)
    provider.connect()
    expect(network.sockets).toHaveLength(2)
  })

  test('while it waits is the end of that', async () => {
    const { provider, network, environment } = await waiting()
    const { length } = network.sockets
    provider.shouldConnect = false
    await environment.advance(60_000)
    expect(network.sockets).toHaveLength(length)
    expect(provider.status.state).toBe('offline')
  })
})

/** What an application may do wherever it is called. */
const ways: [name: string, leave: (provider: CairnProvider) => void][] = [
  ['disconnects', (provider) => provider.disconnect()],
  ['destroys', (provider) => provider.destroy()],
]

describe.each(ways)('C37 an application that %s the provider', (name, leave) => {
  /** Nothing is open, and nothing will be. */
  async function expectGone({ provider, network, environment }: ProviderRig): Promise<void> {
    expect(provider).toMatchObject({ wsconnected: false, wsconnecting: false, ws: null })
    expect(provider.bcconnected).toBe(false)
    const { length } = network.sockets
    await environment.advance(120_000)
    expect(network.sockets).toHaveLength(length)
    for (const socket of network.sockets) expect(socket.readyState).toBe(3)
    expect(environment.pendingTimers).toBe(0)
    if (name === 'disconnects') expect(provider.status.state).toBe('offline')
  }

  test.each(['connecting', 'syncing', 'live', 'reconnecting'])(
    'when it hears of the state %s is not overridden',
    async (wanted) => {
      const made = rig({ connect: false })
      made.provider.on('state', ({ state }) => {
        if (state === wanted) leave(made.provider)
      })
      made.provider.connect()
      if (wanted !== 'connecting') made.goLive().socket.end()
      await expectGone(made)
    },
  )

  test('when it gets the token is not overridden', async () => {
    const made = rig({
      token: () => {
        leave(made.provider)
        return 't'
      },
      connect: false,
    })
    made.provider.connect()
    await expectGone(made)
    expect(made.network.sockets).toHaveLength(0)
  })

  test.each([true, false])('in shouldReconnect that says %s is not overridden', async (answer) => {
    const made = rig({
      shouldReconnect: (_event, provider) => {
        leave(provider)
        return answer
      },
    })
    made.goLive().socket.end()
    await expectGone(made)
    expect(made.of('closed')).toEqual([])
    expect(made.of('connection-close')).toHaveLength(1)
  })

  test('in an awareness listener while it is announced again is not overridden', async () => {
    const made = rig().goLive()
    await made.reconnect()
    made.provider.awareness.on('update', () => {
      if (made.provider.wsconnecting) leave(made.provider)
    })
    made.socket.accept()
    await expectGone(made)
  })

  test.each(['connection-close', 'status', 'sync'] as const)(
    'when a %s tells of the end is not overridden, and hears of it once',
    async (event) => {
      const made = rig().goLive()
      made.provider.on(event, () => leave(made.provider))
      made.socket.end()
      await expectGone(made)
      expect(made.of('connection-close')).toEqual([expect.objectContaining({ code: 1006 })])
    },
  )
})

describe('C37 an application that leaves and comes back', () => {
  test.each(['connecting', 'syncing', 'reconnecting'])(
    'when it hears of the state %s has one connection, which stays',
    async (wanted) => {
      const made = rig({ connect: false })
      let isDone = false
      made.provider.on('state', ({ state }) => {
        if (isDone || state !== wanted) return
        isDone = true
        made.provider.disconnect()
        made.provider.connect()
      })
      made.provider.connect()
      if (wanted === 'syncing') made.socket.accept()
      if (wanted === 'reconnecting') made.goLive().socket.end()
      expect(isDone).toBe(true)
      made.goLive()
      await made.environment.advance(20_000)
      expect(made.provider.status.state).toBe('live')
      expect(made.network.sockets.filter(({ readyState }) => readyState !== 3)).toHaveLength(1)
    },
  )

  test('when it hears of the status hears of each state once, the last one last', () => {
    const made = rig().goLive()
    made.provider.on('status', ({ status }) => {
      if (status !== 'disconnected') return
      made.provider.disconnect()
      made.provider.connect()
    })
    const before = made.of('state').length
    made.socket.end()
    const states = made.of('state').slice(before)
    expect(new Set(states).size).toBe(states.length)
    expect(states.at(-1)).toBe(made.provider.status)
  })

  test('when it hears that it has left has a connection', () => {
    const made = rig().goLive()
    made.provider.once('connection-close', () => made.provider.connect())
    made.provider.disconnect()
    expect(made.provider).toMatchObject({ shouldConnect: true, wsconnecting: true })
    expect(made.network.sockets).toHaveLength(2)
    made.goLive()
    expect(made.provider.status.state).toBe('live')
  })
})
