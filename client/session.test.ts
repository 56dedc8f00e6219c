import { beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import {
  encodePermissionDenied,
  encodePing,
  encodeQueryAwareness,
  encodeUpdate,
} from '../protocol/codec.js'
import { encodePosition, encodeReject } from '../protocol/extension-codec.js'
import { firstHello } from '../test/fake-web-socket.js'
import { formattingConflict } from '../test/formatting-conflict.js'
import { ProviderRig } from '../test/provider-rig.js'

let rig: ProviderRig

beforeEach(() => {
  rig = new ProviderRig()
  return () => {
    rig.provider.destroy()
    rig.doc.destroy()
  }
})

/** What a server has after all that it was sent on the present connection. */
function received(server = new Y.Doc()): string {
  for (const update of rig.socket.updates) Y.applyUpdate(server, update)
  return server.getText('text').toString()
}

describe('the first words', () => {
  test('are the tab, the question and the presence; nothing is sent before the server asks', () => {
    rig.type('a')
    rig.socket.greet()
    rig.type('b')
    expect(rig.socket.messages.map(({ type }) => type)).toEqual(['tab', 'sync-step-1', 'awareness'])
    rig.socket.sync()
    expect(rig.socket.updates).toHaveLength(1)
    expect(received()).toBe('ab')
  })

  test('to a server that selected no subprotocol are those of y-websocket alone', () => {
    rig.socket.accept('')
    expect(rig.socket.messages.map(({ type }) => type)).toEqual(['sync-step-1', 'awareness'])
  })

  test('announce a client that has no presence too, since others are told to who has', () => {
    rig.provider.awareness.setLocalState(null)
    rig.socket.accept()
    const [awareness] = rig.socket.of('awareness')
    expect(awareness?.awareness).toEqual(Uint8Array.of(0))
  })
})

describe('a connection that comes back', () => {
  test('C16 says where it stood, as far as the server has told', async () => {
    rig.goLive()
    rig.socket.receive(encodePosition({ epoch: new Uint8Array(), position: Uint8Array.of(5) }))
    await rig.reconnect()
    rig.socket.accept()
    const { epoch } = firstHello
    expect(rig.socket.of('resume')).toEqual([{ type: 'resume', epoch, position: Uint8Array.of(5) }])
  })

  test('C17 gives everything to a server that may have lost some, and is not saved before', async () => {
    rig.type('kept').goLive()
    expect(rig.provider.saved).toBe(true)
    await rig.reconnect()
    const epoch = Uint8Array.from(firstHello.epoch, (byte, index) => (index < 12 ? byte : 99))
    rig.socket.greet({ epoch })
    expect(rig.provider.saved).toBe(false)
    expect(rig.of('saved')).toEqual([true, false])
    rig.socket.sync()
    expect(received()).toBe('kept')
    rig.socket.acknowledge(1)
    expect(rig.provider.saved).toBe(true)
    expect(rig.of('saved')).toEqual([true, false, true])
  })

  test('C43 announces its presence again, so that nobody takes it for old news', async () => {
    rig.goLive()
    const clock = () => rig.provider.awareness.meta.get(rig.doc.clientID)?.clock ?? 0
    const before = clock()
    await rig.reconnect()
    rig.socket.accept()
    expect(clock()).toBeGreaterThan(before)
  })
})

describe('a refused update', () => {
  beforeEach(() => {
    rig.goLive()
    rig.type('a')
  })

  const reject = (code: string, retryAfterMs: number): void => {
    rig.socket.receive(encodeReject({ frame: 2, code, reason: 'why', retryAfterMs }))
    rig.socket.acknowledge(2)
  }

  test('C6 is told with what the server said, and sent again where that may help', async () => {
    reject('RATE', 500)
    expect(rig.of('rejected')).toMatchObject([
      { error: { code: 'RATE', message: 'why', retryAfterMs: 500 }, changes: 1 },
    ])
    expect(rig.provider).toMatchObject({ unsavedChanges: 0, rejectedChanges: 1, saved: false })
    await rig.environment.advance(499)
    expect(rig.socket.updates).toHaveLength(2)
    await rig.environment.advance(1)
    expect(rig.socket.updates).toHaveLength(3)
    expect(received()).toBe('a')
    rig.socket.acknowledge(3)
    expect(rig.provider).toMatchObject({ rejectedChanges: 0, saved: true })
  })

  test('C6 whose past did not come is sent again with it, after a second', async () => {
    reject('INCOMPLETE', 0)
    await rig.environment.advance(1_000)
    expect(rig.socket.updates).toHaveLength(3)
    rig.socket.acknowledge(3)
    expect(rig.provider.saved).toBe(true)
  })

  test('C6 is not sent again where that is of no use, until the next connection', async () => {
    reject('FORBIDDEN', 0)
    await rig.environment.advance(20_000)
    expect(rig.socket.updates).toHaveLength(2)
    await rig.reconnect()
    rig.socket.greet().sync()
    expect(received()).toBe('a')
  })

  test('C9 ends the wait for saved with its reason, unless it is sent again', async () => {
    const saving = rig.provider.whenSaved()
    reject('RATE', 500)
    await rig.environment.advance(500)
    rig.socket.acknowledge(3)
    await saving
    rig.type('b')
    const refused = expect(rig.provider.whenSaved()).rejects.toMatchObject({ code: 'TOO_LARGE' })
    rig.socket.receive(encodeReject({ frame: 4, code: 'TOO_LARGE', reason: '', retryAfterMs: 0 }))
    await refused
  })
})

describe('C37 a listener that leaves and comes back', () => {
  const comeBack = (): void => {
    rig.provider.disconnect()
    rig.provider.connect()
  }

  test('takes the retries of the old connection along, which would count frames of the new', async () => {
    rig.goLive().type('x')
    rig.provider.once('rejected', comeBack)
    const [code, reason] = ['RATE', 'slow']
    rig.socket.receive(encodeReject({ frame: 2, code, reason, retryAfterMs: 2_000 }))
    rig.goLive()
    for (let i = 0; i < 10; i++) rig.type('y')
    await rig.environment.advance(2_100)
    rig.socket.acknowledge(3)
    expect(rig.provider).toMatchObject({ unsavedChanges: 8, saved: false })
  })

  test('while the document arrives is not told that it has', () => {
    rig.doc.once('update', comeBack)
    const server = new Y.Doc()
    server.getText('text').insert(0, 'a')
    rig.socket.greet().sync(server)
    expect(rig.network.sockets).toHaveLength(2)
    expect(rig.of('sync')).toEqual([])
    expect(rig.provider.status.state).not.toBe('live')
  })

  test('when the server has lost something hears nothing of the old connection', async () => {
    rig.type('kept').goLive()
    await rig.reconnect()
    rig.provider.once('saved', comeBack)
    const heard = rig.of('access').length
    rig.socket.greet({ epoch: firstHello.epoch.map((byte, at) => (at < 12 ? byte : 99)) })
    expect(rig.network.sockets).toHaveLength(3)
    expect(rig.of('access')).toHaveLength(heard)
  })
})

describe('a server that does not acknowledge', () => {
  test('C8 is never said to have saved anything', async () => {
    const saving = expect(rig.provider.whenSaved()).rejects.toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
    })
    rig.type('a')
    rig.socket.accept('').sync()
    await saving
    rig.type('b')
    expect(received()).toBe('ab')
    expect(rig.provider).toMatchObject({ saved: false, unsavedChanges: 2, durability: undefined })
    await expect(rig.provider.whenSaved()).rejects.toMatchObject({ code: 'NOT_ACKNOWLEDGED' })
  })

  test('C6 may still say that it refuses', () => {
    rig.type('a')
    rig.socket.accept('').sync().receive(encodePermissionDenied('read only'))
    expect(rig.of('rejected')).toMatchObject([
      { error: { code: 'FORBIDDEN', message: 'read only' }, changes: 1 },
    ])
  })

  test('C14 is asked for a sign of life with the question that it knows', async () => {
    rig.socket.accept('').sync()
    await rig.environment.advance(25_000)
    expect(rig.socket.of('ping')).toEqual([])
    expect(rig.socket.of('sync-step-1')).toHaveLength(2)
    rig.socket.sync()
    await rig.environment.advance(10_000)
    expect(rig.provider.status.state).toBe('live')
  })
})

describe('what a server may send besides', () => {
  test('is answered: a ping, and the question who is here', () => {
    rig.goLive()
    rig.socket.receive(encodePing(Uint8Array.of(42))).receive(encodeQueryAwareness())
    expect(rig.socket.of('pong')).toEqual([{ type: 'pong', payload: Uint8Array.of(42) }])
    expect(rig.socket.of('awareness')).toHaveLength(2)
  })

  test('is passed over where it is text or of an unknown type, and an error where it is broken', () => {
    rig.goLive()
    rig.socket.receiveText('hello').receive(Uint8Array.of(77, 1, 2))
    expect(rig.of('error')).toEqual([])
    rig.socket.receive(Uint8Array.of(0, 2, 9, 1))
    expect(rig.of('error')).toHaveLength(1)
    expect(rig.provider.status.state).toBe('live')
  })
})

describe('C7 a client that may only read', () => {
  test('keeps formatting marks that Yjs would drop, and is told of a delete of its user', () => {
    const { provider, doc, socket } = rig
    const refused: number[] = []
    provider.on('rejected', ({ changes }) => refused.push(changes))
    const text = doc.getText('text')
    const changes: unknown[] = []
    doc.on('update', (_update, origin) => changes.push(origin))
    const { base, both } = formattingConflict()
    socket.greet({ access: 'read' }).sync()
    for (const update of [base, ...both]) socket.receive(encodeUpdate(update))
    expect(changes).toEqual([provider, provider, provider])
    expect([refused, provider.rejectedChanges, provider.saved]).toEqual([[], 0, true])
    text.delete(0, 1)
    expect([refused, provider.rejectedChanges, provider.saved]).toEqual([[1], 1, false])
  })

  test('keeps them until it is synced with a server that does not say who may write', () => {
    const { doc, socket } = rig
    doc.getText('text')
    const origins: unknown[] = []
    doc.on('update', (_update, origin) => origins.push(origin))
    const [early, late] = [formattingConflict(), formattingConflict(200)]
    socket.accept()
    for (const update of [early.base, ...early.both]) Y.applyUpdate(doc, update, 'tab')
    expect(origins).toEqual(['tab', 'tab', 'tab'])
    socket.sync()
    for (const update of [late.base, ...late.both]) socket.receive(encodeUpdate(update))
    expect(origins).toContain(null)
  })

  test('keeps them before its first connection too, and drops them as a writer, who tells', () => {
    const { doc, socket, provider } = rig
    doc.getText('text')
    const { base, both } = formattingConflict()
    const origins: unknown[] = []
    doc.on('update', (_update, origin) => origins.push(origin))
    for (const update of [base, ...both]) Y.applyUpdate(doc, update, 'kept')
    expect(origins).toEqual(['kept', 'kept', 'kept'])
    socket.greet({ access: 'write' }).sync()
    const unsaved = provider.unsavedChanges
    // Another remote change lets Yjs look at the text again.
    const more = formattingConflict(200)
    for (const update of [more.base, ...more.both]) socket.receive(encodeUpdate(update))
    const tidied = origins.slice(3).filter((origin) => origin === null).length
    expect(tidied).toBeGreaterThan(0)
    expect(provider.unsavedChanges).toBe(unsaved + tidied)
  })
})
