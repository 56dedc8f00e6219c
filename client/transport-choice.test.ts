import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeSyncStep1, encodeSyncStep2 } from '../protocol/codec.js'
import { encodeAway, encodeHello } from '../protocol/extension-codec.js'
import { type FakeNetwork, firstHello } from '../test/fake-web-socket.js'
import { ProviderRig, type RigOptions } from '../test/provider-rig.js'
import type { OpenTransport, Transport, TransportHandlers, TransportRequest } from './transport.js'
import { TransportChoice } from './transport-choice.js'

/** The fallbacks that were opened; the test is their server. */
class FakeFallback {
  readonly opened: FallbackTransport[] = []
  readonly open: OpenTransport = (request, handlers) => {
    const transport = new FallbackTransport(request, handlers)
    this.opened.push(transport)
    return transport
  }

  get last(): FallbackTransport {
    const transport = this.opened.at(-1)
    if (transport === undefined) throw new Error('no fallback was opened')
    return transport
  }
}

class FallbackTransport implements Transport {
  readonly kind = 'events'
  readonly sent: Uint8Array[] = []
  closedWith: number | undefined

  constructor(
    readonly request: TransportRequest,
    readonly handlers: TransportHandlers,
  ) {}

  send(message: Uint8Array): void {
    this.sent.push(message)
  }

  close(code: number): void {
    this.closedWith = code
  }

  /** Serves as a Cairn server with `doc`. */
  serve(doc = new Y.Doc()): void {
    this.handlers.onOpen(true)
    this.handlers.onMessage(hello)
    this.handlers.onMessage(encodeSyncStep2(Y.encodeStateAsUpdate(doc)))
    this.handlers.onMessage(encodeSyncStep1(Y.encodeStateVector(doc)))
  }

  end(): void {
    this.handlers.onClose({ code: 1006, reason: '', event: undefined })
  }
}

const hello = encodeHello(firstHello)

let fallback: FakeFallback
let rig: ProviderRig

function start(options: RigOptions = {}): void {
  rig = new ProviderRig({ fallback: fallback.open, ...options })
}

/** Lets so many WebSockets end before their first message. */
async function block(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await rig.reconnect()
}

beforeEach(() => {
  fallback = new FakeFallback()
  start()
  return () => {
    rig.provider.destroy()
    rig.doc.destroy()
  }
})

describe('C29 the fallback', () => {
  test('takes over after three WebSockets that ended before their first message', async () => {
    await block(2)
    expect(fallback.opened).toHaveLength(0)
    expect(rig.network.sockets).toHaveLength(3)
    await block(1)
    expect(fallback.opened).toHaveLength(1)
    fallback.last.serve()
    expect(rig.provider).toMatchObject({ synced: true, wsconnected: true, ws: null })
    expect(rig.provider.status).toMatchObject({ state: 'live', transport: 'events', attempts: 0 })
  })

  test('counts a socket that opened and said nothing, not one that said something', async () => {
    for (let i = 0; i < 5; i++) {
      rig.socket.greet()
      await rig.reconnect()
    }
    expect(fallback.opened).toHaveLength(0)
    for (let i = 0; i < 3; i++) {
      rig.socket.accept()
      await rig.reconnect()
    }
    expect(fallback.opened).toHaveLength(1)
  })

  test('gives the turn back to a WebSocket where it fails too', async () => {
    await block(3)
    const { length } = rig.network.sockets
    fallback.last.end()
    await rig.nextAttempt()
    expect(rig.network.sockets).toHaveLength(length + 1)
    await block(2)
    expect(fallback.opened).toHaveLength(1)
    await block(1)
    expect(fallback.opened).toHaveLength(2)
  })

  test('is not there where the application does not want it', async () => {
    rig.provider.destroy()
    start({ fallback: false })
    await block(6)
    expect(rig.network.sockets).toHaveLength(7)
    expect(rig.provider.status.state).toBe('reconnecting')
  })

  test('that cannot be loaded gives the turn back to a WebSocket, and is loaded later', async () => {
    await block(3)
    const { handlers, request } = fallback.last
    let loads = 0
    const loadFallback = async (): Promise<OpenTransport> => {
      if (++loads === 1) throw new TypeError('Failed to fetch dynamically imported module')
      return fallback.open
    }
    const webSockets = new FakeFallback()
    const choice = new TransportChoice({
      environment: rig.environment,
      webSocket: webSockets.open,
      request: () => request,
      loadFallback,
    })
    const fail = (): void => {
      for (let i = 0; i < 3; i++) choice.failed(true)
    }
    fail()
    await expect(choice.ready()).rejects.toThrow('Failed to fetch')
    expect(choice.ready()).toBeUndefined()
    choice.open(handlers)
    expect(webSockets.opened).toHaveLength(1)
    fail()
    await choice.ready()
    choice.open(handlers)
    expect(loads).toBe(2)
    expect(fallback.opened).toHaveLength(2)
  })

  test('whose loading hangs gives the turn back too, and is there when it has come', async () => {
    const { environment } = rig
    let load = (): void => undefined
    const choice = new TransportChoice({
      environment,
      webSocket: () => fallback.last,
      request: () => fallback.last.request,
      loadFallback: () =>
        new Promise((resolve) => {
          load = () => resolve(fallback.open)
        }),
    })
    for (let i = 0; i < 3; i++) choice.failed(true)
    const loading = expect(choice.ready()).rejects.toThrow('15000 ms')
    await environment.advance(15_000)
    await loading
    expect(choice.ready()).toBeUndefined()
    load()
    for (let i = 0; i < 3; i++) choice.failed(true)
    await environment.settle()
    expect(choice.ready()).toBeUndefined()
  })

  test('is the first where there is no WebSocket, and stays it', async () => {
    const request = (): TransportRequest => {
      throw new Error('nothing is opened')
    }
    let loads = 0
    const loadFallback = async (): Promise<OpenTransport> => {
      loads++
      return fallback.open
    }
    const { environment } = rig
    const none = { environment, webSocket: undefined, request }
    const choice = new TransportChoice({ ...none, loadFallback })
    await choice.ready()
    choice.failed(true)
    expect(choice.ready()).toBeUndefined()
    expect(loads).toBe(1)
    const nothing = new TransportChoice({ ...none, loadFallback: undefined })
    await block(3)
    expect(() => nothing.open(fallback.last.handlers)).toThrow('fallback')
  })

  test('sends what waits, and has it acknowledged', async () => {
    rig.type('offline')
    await block(3)
    fallback.last.serve()
    expect(rig.provider.unsavedChanges).toBe(1)
    fallback.last.handlers.onMessage(Uint8Array.of(101, 1, 1, 1))
    expect(rig.provider).toMatchObject({ unsavedChanges: 0, saved: true })
  })
})

describe('C30 on the fallback, a WebSocket', () => {
  /** The times of the probes, in seconds since the fallback was open. */
  async function probes(seconds: number): Promise<number[]> {
    const times: number[] = []
    let { length } = rig.network.sockets
    for (let second = 1; second <= seconds; second++) {
      await rig.environment.advance(1_000)
      if (second % 5 === 0) fallback.last.handlers.onMessage(Uint8Array.of(104, 0))
      if (rig.network.sockets.length === length) continue
      times.push(second)
      length = rig.network.sockets.length
      rig.socket.end()
    }
    return times
  }

  beforeEach(async () => {
    await block(3)
    fallback.last.serve()
  })

  test('is tried soon, after 30 s more, then after twice as long each time, up to 10 minutes', async () => {
    const times = await probes(3_000)
    expect(times).toEqual([2, 32, 92, 212, 452, 932, 1_532, 2_132, 2_732])
    expect(rig.provider.status).toMatchObject({ state: 'live', transport: 'events' })
  })

  test('takes over at its first message, without a close and with what came meanwhile', async () => {
    const closes = rig.of('connection-close').length
    await rig.environment.advance(2_000)
    const socket = rig.socket.accept()
    rig.type('on the fallback')
    expect(rig.provider.status.transport).toBe('events')
    socket.greet()
    // No farewell: it could arrive after the WebSocket took the presence over.
    expect(fallback.last.closedWith).toBe(4000)
    const server = new Y.Doc()
    socket.sync(server)
    Y.applyUpdate(server, socket.updates[0] ?? new Uint8Array())
    expect(server.getText('text').toString()).toBe('on the fallback')
    expect(rig.provider.status).toMatchObject({ state: 'live', transport: 'websocket' })
    expect(rig.of('connection-close')).toHaveLength(closes)
    await rig.environment.advance(20_000)
    expect(rig.network.sockets.at(-1)).toBe(socket)
  })

  test('knows nothing of the signals of the fallback, nor of who was away then', async () => {
    const sent = rig.provider.signalAcknowledged('a')
    const lost = expect(sent).rejects.toMatchObject({ code: 'NOT_CONNECTED' })
    fallback.last.handlers.onMessage(encodeAway([77]))
    expect(rig.provider.away.size).toBe(1)
    await rig.environment.advance(2_000)
    rig.goLive()
    expect(rig.provider.status.transport).toBe('websocket')
    await lost
    expect(rig.provider.away.size).toBe(0)
  })

  test('is given up where it opens and says nothing for 10 s', async () => {
    await rig.environment.advance(2_000)
    const socket = rig.socket.accept()
    fallback.last.handlers.onMessage(Uint8Array.of(104, 0))
    await rig.environment.advance(10_000)
    expect(socket.closedWith).toBe(1000)
    expect(rig.provider.status).toMatchObject({ state: 'live', transport: 'events' })
  })

  test('is not tried any more once the application has left', async () => {
    const { length } = rig.network.sockets
    rig.provider.disconnect()
    await rig.environment.advance(600_000)
    expect(rig.network.sockets).toHaveLength(length)
    expect(rig.environment.pendingTimers).toBe(0)
  })
})

describe('C21 the token', () => {
  const urls = (network: FakeNetwork) => network.sockets.map(({ url }) => url)

  test('is a subprotocol, behind those of the application and that of the extension', () => {
    start({ token: 'päss', protocols: ['app'], connect: true })
    expect(rig.socket.protocols).toEqual(['app', 'cairn.v1', 'cairn.token.cMOkc3M'])
    expect(urls(rig.network)).toEqual(['ws://server/notes'])
  })

  test('is a query parameter where that is asked for, and beside those of the application', () => {
    start({ token: 'a b', tokenParam: 'auth', params: { v: '1' } })
    expect(rig.socket.protocols).toEqual(['cairn.v1'])
    expect(urls(rig.network)).toEqual(['ws://server/notes?v=1&auth=a%20b'])
    expect(rig.provider.url).toBe('ws://server/notes?v=1')
  })

  test('is the parameter `token` where no subprotocol may be offered', () => {
    start({ token: 't', extension: false })
    expect(rig.socket.protocols).toEqual([])
    expect(urls(rig.network)).toEqual(['ws://server/notes?token=t'])
  })
})
