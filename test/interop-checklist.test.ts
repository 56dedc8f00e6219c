import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { emptyStateVector, emptyUpdate } from '../bench/raw-client.js'
import {
  encodeAwareness,
  encodeQueryAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../protocol/codec.js'
import type { Principal } from '../server/index.js'
import { ClientPool } from './client-pool.js'
import { GatedStore } from './gated-store.js'
import { LiveServer, type LiveServerOptions } from './live-server.js'
import { waitFor } from './wait-for.js'

const running: { server: LiveServer; pool: ClientPool }[] = []

async function start(options: LiveServerOptions = {}): Promise<ClientPool> {
  return (await startServer(options)).pool
}

async function startServer(options: LiveServerOptions = {}) {
  const server = await LiveServer.start(options)
  const pool = new ClientPool(server)
  running.push({ server, pool })
  return { server, pool }
}

beforeEach(() => {
  // Stock clients print what the server does not let them do.
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const { server, pool } of running.splice(0)) {
    pool.destroy()
    await server.destroy()
  }
})

/** A promise and what resolves it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

function typedUpdate(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

const writer: Principal = { id: 'w', access: 'write' }

describe('frames that come early', () => {
  test('are kept while authentication takes its time', async () => {
    const { opened, open } = gate()
    const pool = await start({ authenticate: () => opened.then(() => writer) })
    const raw = pool.raw('slow door')
    await raw.opened
    raw.send(encodeSyncStep1(emptyStateVector))
    raw.send(encodeUpdate(typedUpdate('early')))
    raw.send(encodeQueryAwareness())
    const stock = pool.stock('slow door').type('stock')
    await waitFor('the stock client is connected', () => stock.provider.wsconnected, stock)
    expect(raw.messages).toEqual([])
    open()
    await waitFor('both are there', () => stock.text.length === 10, stock)
    expect(stock.text).toMatch(/^(earlystock|stockearly)$/)
  })

  test('are kept while the document is read, and step 2 is not sent before it is', async () => {
    const { opened, open } = gate()
    const { server, pool } = await startServer()
    const author = await pool.stock('slow disk').online()
    author.type('stored')
    const witness = await pool.stock('slow disk').online()
    await witness.has('stored')
    pool.destroy()
    await server.stop()

    const slow = await startServer({
      wrapStore: (store) => {
        const gated = new GatedStore(store)
        gated.beforeOpen = opened
        return gated
      },
    })
    const stock = slow.pool.stock('slow disk').type('early')
    await waitFor('the stock client is connected', () => stock.provider.wsconnected, stock)
    expect(stock.received).toEqual([])
    expect(stock.provider.synced).toBe(false)
    open()
    await stock.online()
    const later = await slow.pool.stock('slow disk').online()
    await later.has('early')
  })
})

describe('the first exchange', () => {
  test('holds step 2 and the own step 1 of the server', async () => {
    const raw = (await start()).raw('hello')
    await raw.opened
    raw.send(encodeSyncStep1(emptyStateVector))
    const types = () => raw.messages.map(({ type }) => type)
    await waitFor('both steps came', () => types().includes('sync-step-1'), raw)
    expect(types()).toEqual(['sync-step-2', 'sync-step-1'])
  })

  test('a step 2 comes only after everything that was stored', async () => {
    const pool = await start()
    const author = await pool.stock('order').online()
    author.type('one ').type('two ').type('three')
    await (await pool.stock('order').online()).has('one two three')
    const doc = new Y.Doc()
    const raw = pool.raw('order')
    let textAtStep2: string | undefined
    raw.handle((message) => {
      if (message.type !== 'update' && message.type !== 'sync-step-2') return
      Y.applyUpdate(doc, message.update)
      if (message.type === 'sync-step-2') textAtStep2 = doc.getText('text').toString()
    })
    await raw.opened
    raw.send(encodeSyncStep1(emptyStateVector))
    await waitFor('step 2 came', () => textAtStep2 !== undefined, raw)
    expect(textAtStep2).toBe('one two three')
  })

  test('bears a step 2 with the empty update of two bytes', async () => {
    const pool = await start()
    const raw = pool.raw('empty')
    await raw.opened
    raw.requestEverything()
    raw.send(encodeSyncStep2(emptyUpdate))
    raw.send(encodeUpdate(emptyUpdate))
    raw.send(encodeUpdate(typedUpdate('after')))
    const stock = await pool.stock('empty').online()
    await stock.has('after')
    expect(raw.end).toBeUndefined()
  })
})

describe('the rule of 30 silent seconds', () => {
  test('the server says something well before a stock client gives up', async () => {
    const { defaultTimings } = await import('../server/index.js')
    expect(defaultTimings.keepAliveMs + defaultTimings.tickMs).toBeLessThan(25_000)
  })

  test('a lone client without presence stays connected, though its watchdog looks', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const pool = await start({ timings: { keepAliveMs: 20, tickMs: 5 } })
    const stock = await pool.stock('alone').online()
    const silentMs = 31_000
    const keepAlives = () => stock.received.filter(({ type }) => type === 'awareness').length
    for (let round = 0; round < 3; round++) {
      stock.provider.wsLastMessageReceived -= silentMs
      const before = keepAlives()
      await waitFor('a sign of life came', () => keepAlives() > before, stock)
      vi.advanceTimersByTime(3_000)
      expect(stock.isOnline).toBe(true)
    }
    // The same look at the same clock without a sign of life: the watchdog does what it does.
    stock.provider.wsLastMessageReceived -= silentMs
    vi.advanceTimersByTime(3_000)
    expect(stock.provider.wsconnected).toBe(false)
  })

  test('the sign of life is an awareness message of three bytes that changes nothing', async () => {
    const pool = await start({ timings: { keepAliveMs: 20, tickMs: 5 } })
    const stock = await pool.stock('quiet').online()
    let changes = 0
    stock.provider.awareness.on('change', () => changes++)
    const raw = pool.raw('quiet')
    await raw.opened
    raw.requestEverything()
    await waitFor('one came', () => raw.messages.some(({ type }) => type === 'awareness'), raw)
    const sign = raw.messages.find((message) => message.type === 'awareness')
    expect(sign).toEqual({ type: 'awareness', awareness: Uint8Array.of(0) })
    expect(changes).toBe(0)
    expect(stock.isOnline).toBe(true)
  })
})

describe('messages', () => {
  test('come one to a frame, whatever leaves in one write', async () => {
    const pool = await start()
    const raw = pool.raw('framing')
    await raw.opened
    raw.requestEverything()
    const a = await pool.stock('framing', { state: { user: 'a' } }).online()
    for (let count = 0; count < 50; count++) {
      a.type('x')
      a.setState({ user: 'a', count })
    }
    const doc = new Y.Doc()
    // A frame of two messages would end this process: decoding takes exactly one.
    raw.handle((message) => {
      if (message.type === 'update') Y.applyUpdate(doc, message.update)
    })
    const types = () => [...new Set(raw.messages.map(({ type }) => type))].sort()
    await waitFor('all 50 came', () => doc.getText('text').length === 50, raw)
    await waitFor('presence came', () => types().includes('awareness'), raw)
    expect(types()).toEqual(['awareness', 'sync-step-1', 'sync-step-2', 'update'])
  })

  test('of an unknown type are passed over, from stock clients of a later day', async () => {
    const pool = await start()
    const raw = pool.raw('unknown')
    await raw.opened
    raw.requestEverything()
    for (const type of [4, 99, 105, 127]) raw.send(Uint8Array.of(type, 1, 2, 3))
    raw.send(Uint8Array.of(0xff, 0x7f))
    raw.send(encodeUpdate(typedUpdate('still here')))
    await (await pool.stock('unknown').online()).has('still here')
    expect(raw.end).toBeUndefined()
  })

  test('of type 3 are answered with all states', async () => {
    const pool = await start()
    const a = await pool.stock('who', { state: { user: 'a' } }).online()
    const b = await pool.stock('who', { state: { user: 'b' } }).online()
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
    const raw = pool.raw('who')
    await raw.opened
    raw.requestEverything()
    const states = () => raw.messages.filter(({ type }) => type === 'awareness')
    await waitFor('the list came with the sync', () => states().length > 0, raw)
    const before = states().length
    raw.send(encodeQueryAwareness())
    await waitFor('the answer came', () => states().length > before, raw)
    const answer = states()[before]
    const text = answer?.type === 'awareness' ? Buffer.from(answer.awareness).toString() : ''
    expect(text).toContain('{"user":"a"}')
    expect(text).toContain('{"user":"b"}')
  })

  test('with updates hold the first version of the Yjs encoding', async () => {
    const pool = await start()
    const raw = pool.raw('v1')
    await raw.opened
    raw.requestEverything()
    const a = await pool.stock('v1').online()
    a.type('some words')
    a.doc.getText('text').delete(0, 5)
    a.doc.getMap('map').set('key', [1, { two: '2' }])
    const doc = new Y.Doc()
    raw.handle((message) => {
      if (message.type === 'update' || message.type === 'sync-step-2') {
        Y.applyUpdate(doc, message.update)
      }
    })
    const wanted = { text: 'words', map: { key: [1, { two: '2' }] } }
    const isThere = () => {
      const text = doc.getText('text').toString()
      return JSON.stringify({ text, map: doc.getMap('map').toJSON() }) === JSON.stringify(wanted)
    }
    await waitFor('everything came as v1', isThere, raw)
  })
})

describe('document names', () => {
  test('are percent-decoded', async () => {
    const { server, pool } = await startServer()
    const stock = await pool.stock('a/b c').online()
    stock.type('decoded')
    await (await pool.stock(encodeURIComponent('a/b c')).online()).has('decoded')
    expect((await server.cairn.read('a/b c')).getText('text').toString()).toBe('decoded')
  })

  test('keep their raw form where the option says so', async () => {
    const { server, pool } = await startServer({ decodeNames: false })
    const stock = await pool.stock('a/b c').online()
    stock.type('raw')
    await (await pool.stock('a/b c').online()).has('raw')
    expect((await server.cairn.read('a/b%20c')).getText('text').toString()).toBe('raw')
  })

  test('do not hold the query, which authenticate reads', async () => {
    const seen: string[] = []
    const pool = await start({
      authenticate: ({ documentName, url }) => {
        seen.push(documentName, new URL(url, 'ws://x').searchParams.get('token') ?? '')
        return writer
      },
    })
    await pool.stock('plain', { params: { token: 'secret' } }).online()
    expect(seen).toEqual(['plain', 'secret'])
  })
})

describe('a connection that may only read', () => {
  const authenticate: LiveServerOptions['authenticate'] = ({ url }) => ({
    id: url.includes('reader') ? 'reader' : 'writer',
    access: url.includes('reader') ? 'read' : 'write',
  })

  test('gets everything, is seen, and its edits reach nobody', async () => {
    const { server, pool } = await startServer({
      authenticate,
      presence: { stamp: () => undefined },
    })
    const owner = await pool.stock('rights', { state: { user: 'w' } }).online()
    owner.type('kept')
    const params = { as: 'reader' }
    const reader = await pool.stock('rights', { params, state: { user: 'r' } }).online()
    await reader.has('kept')
    await Promise.all([owner.sees(reader, { user: 'r' }), reader.sees(owner, { user: 'w' })])
    reader.type(' and mine')
    const isDenied = () => reader.received.some(({ type }) => type === 'auth')
    await waitFor('the reader is told', isDenied, reader)
    owner.type('!')
    await waitFor('the reader still follows', () => reader.text.includes('!'), reader)
    expect(owner.text).toBe('kept!')
    expect((await server.cairn.read('rights')).getText('text').toString()).toBe('kept!')
  })

  test('is told why by an auth message, also for what it wrote offline', async () => {
    const pool = await start({ authenticate })
    const reader = pool.stock('rights', { params: { as: 'reader' }, connect: false })
    reader.type('offline')
    reader.provider.connect()
    await reader.online()
    await waitFor('it is told', () => reader.received.some(({ type }) => type === 'auth'), reader)
    const told = reader.received.find((message) => message.type === 'auth')
    expect(told).toEqual({ type: 'auth', reason: 'this connection may read, not write' })
    const owner = await pool.stock('rights').online()
    expect(owner.text).toBe('')
  })

  test('is told nothing where it wrote nothing', async () => {
    const pool = await start({ authenticate })
    const raw = pool.raw('rights', { query: 'as=reader' })
    await raw.opened
    raw.requestEverything()
    const awareness = new Awareness(new Y.Doc())
    awareness.setLocalState({ user: 'r' })
    raw.send(encodeAwareness(encodeAwarenessUpdate(awareness, [awareness.clientID])))
    awareness.destroy()
    const owner = await pool.stock('rights').online()
    owner.type('x')
    await waitFor('an update came', () => raw.messages.some(({ type }) => type === 'update'), raw)
    expect(raw.messages.map(({ type }) => type)).not.toContain('auth')
  })
})
