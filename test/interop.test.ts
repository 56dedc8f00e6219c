import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { LiveServer } from './live-server.js'
import { StockClient, type StockClientOptions, stockVersions } from './stock-client.js'
import { waitFor } from './wait-for.js'

let server: LiveServer
const clients: StockClient[] = []

function client(name: string, options: StockClientOptions = {}): StockClient {
  const created = new StockClient(server.url, name, options)
  clients.push(created)
  return created
}

beforeEach(async () => {
  server = await LiveServer.start()
})

afterEach(async () => {
  for (const each of clients.splice(0)) each.destroy()
  await server.destroy()
})

describe.each(stockVersions)('y-websocket %s', (version) => {
  test('syncs both ways, with its own kind and with the newest', async () => {
    const a = await client('sync', { version }).online()
    const b = await client('sync', { version }).online()
    const newest = await client('sync').online()
    a.type('a')
    await Promise.all([b.has('a'), newest.has('a')])
    b.type('b')
    await Promise.all([a.has('ab'), newest.has('ab')])
    newest.type('c')
    await Promise.all([a.has('abc'), b.has('abc')])
  })

  test('gives a client that joins later everything, deletes included', async () => {
    const a = await client('late', { version }).online()
    a.type('abcdef')
    a.doc.getText('text').delete(1, 3)
    const watcher = await client('late').online()
    await watcher.has('aef')
    const late = await client('late', { version }).online()
    expect(late.text).toBe('aef')
    expect(Y.equalSnapshots(Y.snapshot(late.doc), Y.snapshot(a.doc))).toBe(true)
  })

  test('brings edits that were made before the first connection', async () => {
    const early = client('early', { version, connect: false }).type('written offline')
    const watcher = await client('early').online()
    early.provider.connect()
    await watcher.has('written offline')
  })

  test('brings offline edits, inserts and deletes of both sides, after a disconnect', async () => {
    const a = await client('offline', { version }).online()
    const b = await client('offline').online()
    a.type('shared ')
    await b.has('shared ')
    a.provider.disconnect()
    a.doc.getText('text').delete(0, 1)
    a.type('of a')
    b.doc.getText('text').insert(0, 'b says: ')
    a.provider.connect()
    await Promise.all([a.has('b says: hared of a'), b.has('b says: hared of a')])
  })

  test('comes back by itself when its socket is cut, with what was written meanwhile', async () => {
    const a = await client('cut', { version }).online()
    const b = await client('cut').online()
    server.cutSockets()
    await waitFor('the socket is gone', () => a.closeCodes.includes(1006), a)
    a.type('a')
    b.type('b')
    await waitFor('both have both', () => a.text.length === 2 && a.text === b.text, a, b)
  })

  test('comes back by itself when the server restarts, and finds its document there', async () => {
    const a = await client('restart', { version }).online()
    const b = await client('restart').online()
    a.type('kept ')
    await b.has('kept ')
    const restarted = server.restart()
    await waitFor('the server says that it restarts', () => a.closeCodes.includes(1012), a)
    a.type('offline')
    await restarted
    await b.has('kept offline')
    const fresh = await client('restart', { version }).online()
    await fresh.has('kept offline')
  })

  test('shows presence both ways, changes of it, and that somebody has left', async () => {
    const a = await client('presence', { version, state: { user: 'a' } }).online()
    const b = await client('presence', { state: { user: 'b' } }).online()
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
    a.setState({ user: 'a', cursor: 5 })
    b.setState({ user: 'b', cursor: 7 })
    await Promise.all([a.sees(b, { user: 'b', cursor: 7 }), b.sees(a, { user: 'a', cursor: 5 })])
    a.provider.disconnect()
    await waitFor('a has left', () => b.others.size === 0, b)
  })

  test('is visible at once, and sees the others at once, after its socket was cut', async () => {
    const a = await client('again', { version, state: { user: 'a' } }).online()
    const b = await client('again', { state: { user: 'b' } }).online()
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
    server.cutSockets()
    await waitFor('both were cut', () => a.closeCodes.length * b.closeCodes.length > 0, a, b)
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
  })

  test('is visible at once, and sees the others at once, after a restart of the server', async () => {
    const a = await client('reborn', { version, state: { user: 'a' } }).online()
    const b = await client('reborn', { state: { user: 'b' } }).online()
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
    const restarted = server.restart()
    await waitFor('both were closed', () => a.closeCodes.length * b.closeCodes.length > 0, a, b)
    await restarted
    await Promise.all([a.sees(b, { user: 'b' }), b.sees(a, { user: 'a' })])
  })
})
