import { afterEach, describe, expect, test } from 'vitest'
import { decodeClientMessage } from '../protocol/codec.js'
import {
  DropInClient,
  type DropInKind,
  type DropInOptions,
  dropInKinds,
} from './drop-in-provider.js'
import {
  bytesOf,
  holdOpen,
  openThenClose,
  type Policy,
  PolicyServer,
  sync,
} from './policy-server.js'
import { polled, waitFor } from './wait-for.js'

const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function open(kind: DropInKind, policy: Policy, options: DropInOptions = {}) {
  const server = await PolicyServer.start(policy)
  cleanUps.push(() => server.stop())
  const client = new DropInClient(kind, server.url, 'notes', options)
  cleanUps.push(() => client.destroy())
  return { server, client, provider: client.provider }
}

/** Waits until so many connections were made. */
function connections({ sockets }: PolicyServer, count: number): Promise<void> {
  return waitFor(`${count} connections were made`, () => sockets.length >= count, polled)
}

/** The expectations of y-websocket's published tests of reconnecting, for either provider. */
describe.each(dropInKinds)('%s', (kind) => {
  test('C36 a final close is told once, with its code and reason, and ends it', async () => {
    const { server, client, provider } = await open(kind, openThenClose(4401, 'revoked'))
    await waitFor('it is closed', () => client.finals.length > 0, client)
    expect(client.finals).toEqual([{ code: 4401, reason: 'revoked' }])
    expect(provider).toMatchObject({ shouldConnect: false, ws: null, wsconnected: false })
    expect(client.closes).toMatchObject([{ code: 4401, reason: 'revoked' }])
    expect(client.statuses).toEqual(['connecting', 'connected', 'disconnected'])
    expect(server.sockets).toHaveLength(1)
  })

  test('C10 a server that takes connections and closes them is a failing one', async () => {
    const { server, client, provider } = await open(kind, openThenClose(4401, ''), {
      maxBackoffTime: 40,
      shouldReconnect: () => true,
    })
    await connections(server, 5)
    expect(provider.wsUnsuccessfulReconnects).toBeGreaterThanOrEqual(3)
    expect(provider.shouldConnect).toBe(true)
    expect(client.finals).toEqual([])
  })

  test('C10 a sync makes up for what has failed', async () => {
    const policy: Policy = (socket) => {
      void sync(socket).then(() => socket.close(1011, 'restarting'))
    }
    const { server, client, provider } = await open(kind, policy, { maxBackoffTime: 40 })
    await connections(server, 4)
    expect(client.syncs.filter((isSynced) => isSynced).length).toBeGreaterThanOrEqual(3)
    expect(provider.wsUnsuccessfulReconnects).toBeLessThanOrEqual(1)
  })

  test.each([1001, 1011, 1013, 4399, 4500, 4599])('C12 %i comes back', async (code) => {
    const options = { maxBackoffTime: 20 }
    const { server, client } = await open(kind, openThenClose(code, ''), options)
    await connections(server, 3)
    expect(client.closes.map((close) => close?.code)).toContain(code)
    expect(client.finals).toEqual([])
  })

  test.each([4400, 4499])('C12 %i does not', async (code) => {
    const { client, provider } = await open(kind, openThenClose(code, ''))
    await waitFor('it is closed', () => client.finals.length > 0, client)
    expect(provider.shouldConnect).toBe(false)
  })

  test('C12 a connection that is cut comes back', async () => {
    const policy: Policy = (socket) => socket.once('message', () => socket.terminate())
    const { server, client } = await open(kind, policy, { maxBackoffTime: 20 })
    await connections(server, 3)
    expect(new Set(client.closes.map((close) => close?.code))).toEqual(new Set([1006]))
  })

  test('C37 a close from here is null, never final, and asks nobody', async () => {
    const asked: unknown[] = []
    const shouldReconnect = (event: unknown): boolean => asked.push(event) > 0
    const { server, client, provider } = await open(kind, holdOpen, { shouldReconnect })
    await waitFor('it is connected', () => provider.wsconnected, client)
    provider.disconnect()
    expect(client.closes).toEqual([null])
    expect(provider).toMatchObject({ shouldConnect: false, ws: null, wsconnected: false })
    provider.connect()
    expect(provider.shouldConnect).toBe(true)
    expect(provider.ws).not.toBeNull()
    await waitFor('it is connected again', () => provider.wsconnected, client)
    expect(server.sockets).toHaveLength(2)
    expect(asked).toEqual([])
    expect(client.finals).toEqual([])
  })

  test('C12 after a final close the tabs are still heard, and connect resumes', async () => {
    const policy: Policy = (socket, index) => {
      if (index === 0) openThenClose(4401, '')(socket, index)
    }
    const { server, client, provider } = await open(kind, policy, { disableBc: false })
    await waitFor('it is closed', () => client.finals.length > 0, client)
    expect(provider.bcconnected).toBe(true)
    provider.connect()
    expect(provider.ws).not.toBeNull()
    await waitFor('it is connected', () => provider.wsconnected, client)
    expect(server.sockets).toHaveLength(2)
    expect(client.finals).toHaveLength(1)
  })

  test('C12 connect may be called by the listener that is told of a final close', async () => {
    const policy: Policy = (socket, index) => {
      if (index === 0) openThenClose(4401, '')(socket, index)
    }
    const { server, client, provider } = await open(kind, policy)
    const seen: unknown[] = []
    provider.on('closed', () => {
      seen.push(provider.ws, provider.wsconnected)
      provider.connect()
      seen.push(provider.ws === null)
    })
    await waitFor('it is back', () => provider.wsconnected && client.finals.length > 0, client)
    expect(seen).toEqual([null, false, false])
    expect(server.sockets).toHaveLength(2)
  })

  test('C37 leaving while it connects throws nothing, and connecting works afterwards', async () => {
    const { client, provider } = await open(kind, holdOpen)
    expect(provider).toMatchObject({ wsconnecting: true, wsconnected: false })
    provider.disconnect()
    expect(provider).toMatchObject({ wsconnecting: false, ws: null })
    provider.connect()
    await waitFor('it is connected', () => provider.wsconnected, client)
    const leaving = new DropInClient(kind, 'ws://127.0.0.1:9', 'notes')
    leaving.destroy()
    expect(leaving.provider.ws).toBeNull()
  })

  test('C36 a server that is not there is a connection-error and a close with 1006', async () => {
    const { server, client } = await open(kind, holdOpen, { connect: false })
    await server.stop()
    cleanUps.shift()
    client.provider.connect()
    await waitFor('it has failed', () => client.closes.length > 0, client)
    expect(client.errors.length).toBeGreaterThan(0)
    expect(client.closes[0]).toMatchObject({ code: 1006 })
  })

  test('C36 the end of a connection is told before it is gone', async () => {
    const policy: Policy = (socket, index) => {
      if (index === 0) openThenClose(1011, '')(socket, index)
      else if (index === 1) void sync(socket).then(() => socket.close(1011, ''))
    }
    const { server, client, provider } = await open(kind, policy, { maxBackoffTime: 20 })
    const told: string[] = []
    const tell = (what: string): void => {
      told.push(`${what}, ${provider.ws === null ? 'no ws' : 'ws'}, ${provider.wsconnected}`)
    }
    provider.on('connection-close', () => tell('close'))
    provider.on('sync', (isSynced: boolean) => tell(`sync ${isSynced}`))
    provider.on('status', ({ status }: { readonly status: string }) => tell(status))
    await connections(server, 3)
    await waitFor('it is connected', () => provider.wsconnected, client)
    provider.disconnect()
    const connected = ['connecting, ws, false', 'connected, ws, true']
    const lost = 'disconnected, no ws, false'
    expect(told).toEqual([
      'connected, ws, true',
      ...['close, ws, true', lost, ...connected],
      ...['sync true, ws, true', 'close, ws, true', 'sync false, no ws, false', lost, ...connected],
      ...['close, ws, true', lost],
    ])
  })

  test('C35 connect, while it waits to come back, opens at once', async () => {
    const { server, client, provider } = await open(kind, openThenClose(1011, ''), {
      maxBackoffTime: 60_000,
    })
    const seen: boolean[] = []
    provider.on('status', ({ status }: { readonly status: string }) => {
      if (status !== 'disconnected' || seen.length > 0) return
      seen.push(provider.ws !== null)
      provider.connect()
      seen.push(provider.ws !== null)
    })
    await waitFor('it is lost', () => seen.length > 0, client)
    expect(seen).toEqual([false, true])
    await connections(server, 2)
  })

  test('C38 shouldConnect may be set to false: then it does not come back', async () => {
    const { server, client, provider } = await open(kind, openThenClose(1011, ''), {
      maxBackoffTime: 1,
    })
    Reflect.set(provider, 'shouldConnect', false)
    await waitFor('it is lost', () => client.statuses.includes('disconnected'), client)
    const other = await open(kind, openThenClose(1011, ''), { maxBackoffTime: 1 })
    await connections(other.server, 3)
    expect(server.sockets).toHaveLength(1)
  })

  test('C38 params count from the next connection on, protocols are offered', async () => {
    const { server, client, provider } = await open(kind, openThenClose(1011, ''), {
      params: { a: '1 2' },
      protocols: ['app'],
      maxBackoffTime: 20,
    })
    provider.params.b = '&'
    await connections(server, 2)
    expect(server.urls.slice(0, 2)).toEqual(['/notes?a=1%202', '/notes?a=1%202&b=%26'])
    expect(server.protocols[0]?.split(/, ?/)[0]).toBe('app')
    expect(client.provider.url).toBe(`${server.url}/notes?a=1%202&b=%26`)
  })

  test('C41 messages of the application’s own types are taken, and answered', async () => {
    const { server, client, provider } = await open(kind, holdOpen)
    const handlers: unknown = Reflect.get(provider, 'messageHandlers')
    if (!Array.isArray(handlers)) throw new Error('the provider has no message handlers')
    handlers[77] = (encoder: { cpos: number; cbuf: Uint8Array }, decoder: { arr: Uint8Array }) => {
      encoder.cbuf.set([78, decoder.arr[1] ?? 0, 9])
      encoder.cpos = 3
    }
    await waitFor('it is connected', () => provider.wsconnected, client)
    const socket = server.sockets[0]
    const answer = new Promise<number[]>((resolve) => {
      socket?.on('message', (data) => {
        const bytes = bytesOf(data)
        if (bytes[0] === 78) resolve([...bytes])
      })
    })
    socket?.send(Uint8Array.of(77, 5))
    expect(await answer).toEqual([78, 5, 9])
  })

  test('C25 two providers of one process have each other’s edits and presence', async () => {
    const { server, client } = await open(kind, holdOpen, { disableBc: false })
    const other = new DropInClient(kind, server.url, 'notes', { disableBc: false })
    cleanUps.push(() => other.destroy())
    expect([client.provider.bcconnected, other.provider.bcconnected]).toEqual([true, true])
    expect(client.provider.bcChannel).toBe(`${server.url}/notes`)
    client.provider.awareness.setLocalStateField('name', 'ada')
    client.type('hello')
    const seen = () => other.provider.awareness.getStates().get(client.doc.clientID)?.name
    await waitFor('the edit has come', () => other.text === 'hello' && seen() === 'ada', other)
    expect(other.provider.synced).toBe(false)
    client.provider.disconnect()
    expect(client.provider.bcconnected).toBe(false)
  })
})

// The stock provider looks for a global `WebSocket` here, which Node 20 has not.
test('C42 CairnProvider asks for what is missing at an interval', async () => {
  let questions = 0
  const policy: Policy = (socket) => {
    socket.on('message', (data) => {
      if (decodeClientMessage(bytesOf(data)).type === 'sync-step-1') questions++
    })
  }
  const { client } = await open('CairnProvider', policy, { resyncInterval: 10 })
  await waitFor('it has asked thrice', () => questions >= 3, polled)
  client.provider.disconnect()
})
