import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { systemEnvironment } from '../runtime/system-environment.js'
import { EventEditor } from './event-editor.js'
import { EventStage } from './event-stage.js'
import { polled, waitFor } from './wait-for.js'

let stage: EventStage

afterEach(() => stage.stop())

describe('an editor without a WebSocket', () => {
  test('edits together with one that has one, both ways', async () => {
    stage = await EventStage.start()
    const alice = await stage.editor('notes').online()
    const bob = await stage.stock('notes').online()
    alice.type('from alice, ')
    await bob.has('from alice, ')
    bob.type('from bob')
    await alice.has('from alice, from bob')
    expect(alice.calls).toEqual(['open true'])
  })

  test('edits together with another like it, and is told what is durable', async () => {
    stage = await EventStage.start()
    const [alice, bob] = [stage.editor('a/b c?d#e%f ü'), stage.editor('a/b c?d#e%f ü')]
    await Promise.all([alice.online(), bob.online()])
    alice.type('1').type('2')
    bob.type('3')
    await alice.until('both have everything', () => alice.text.length === 3)
    await bob.has(alice.text)
    // The answer to the server's sync step 1 is one frame, each edit another.
    await alice.until('all of it is acknowledged', () => alice.acknowledged === 3)
    const stored = await stage.cairn.read('a/b c?d#e%f ü')
    expect(stored.getText('text').toString()).toBe(alice.text)
  })

  test('sends what it wrote before, and gets what is there, however large', async () => {
    stage = await EventStage.start()
    const doc = new Y.Doc()
    const large = randomBytes(1_500_000).toString('hex')
    doc.getText('text').insert(0, large)
    const alice = await stage.editor('notes', { doc }).online()
    await alice.until('it is stored', () => alice.acknowledged === 1)
    const bob = await stage.editor('notes').online()
    expect(bob.text === large).toBe(true)
  })

  test('sends a burst of edits in order, many in one POST', async () => {
    stage = await EventStage.start()
    let posts = 0
    const counting: typeof fetch = (input, init) => {
      if (init?.method === 'POST') posts++
      return fetch(input, init)
    }
    const alice = await stage.editor('notes', { fetch: counting }).online()
    const bob = await stage.stock('notes').online()
    for (let i = 0; i < 1_000; i++) alice.type('x')
    await bob.has('x'.repeat(1_000))
    expect(posts).toBeLessThan(20)
  })

  test('shows its token, also where a WebSocket could not', async () => {
    stage = await EventStage.start({
      authenticate: ({ token }) => (token === 'good' ? { id: 'ada', access: 'write' } : undefined),
    })
    const alice = await stage.editor('notes', { token: 'good' }).online()
    alice.type('hello')
    await alice.until('it is stored', () => alice.acknowledged === 2)
    const refused = await stage.editor('notes', { token: 'bad' }).ended()
    expect(refused).toMatchObject({ code: 4401 })
    expect(refused.reason).toMatch(/^UNAUTHENTICATED: /)
  })
})

describe('presence over an event stream', () => {
  const state = { name: 'alice' }

  test('is seen by others, and sees them', async () => {
    stage = await EventStage.start()
    const alice = await stage.editor('notes', { state }).online()
    const bob = await stage.stock('notes', { state: { name: 'bob' } }).online()
    await waitFor('bob sees alice', () => bob.others.get(alice.doc.clientID) !== undefined, bob)
    await alice.until('alice sees bob', () => alice.awareness.getStates().has(bob.doc.clientID))
    expect(bob.others.get(alice.doc.clientID)).toEqual(state)
  })

  test('ends at once when the client says that it leaves', async () => {
    stage = await EventStage.start({ presence: { graceMs: 60_000 } })
    const alice = await stage.editor('notes', { state }).online()
    const bob = await stage.stock('notes').online()
    await waitFor('bob sees alice', () => bob.others.size === 1, bob)
    alice.type('last words')
    alice.transport.close(1000)
    await waitFor('alice is gone', () => bob.others.size === 0, bob)
    await bob.has('last words')
    await waitFor('her connection is gone', () => stage.cairn.connectionCount === 1, polled)
    expect(alice.calls).toEqual(['open true'])
  })

  test('outlives a lost connection by the grace period', async () => {
    stage = await EventStage.start({ presence: { graceMs: 60_000 } })
    const alice = await stage.editor('notes', { state }).online()
    const bob = await stage.stock('notes').online()
    await waitFor('bob sees alice', () => bob.others.size === 1, bob)
    alice.transport.close(4999)
    await waitFor('her connection is gone', () => stage.cairn.connectionCount === 1, polled)
    expect(stage.cairn.document('notes').presence).toMatchObject([{ isAway: true }])
    expect(bob.others.size).toBe(1)
    const again = await stage.editor('notes', { state, doc: cloneOf(alice) }).online()
    await waitFor(
      'she is back',
      () => stage.cairn.document('notes').presence.every(({ isAway }) => !isAway),
      polled,
    )
    expect(bob.others.get(again.doc.clientID)).toEqual(state)
  })
})

/** The page is still there: the same client with what it had. */
function cloneOf(editor: EventEditor): Y.Doc {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(editor.doc))
  doc.clientID = editor.doc.clientID
  return doc
}

describe('signs of life', () => {
  test('are asked of a client that sends, which answers by itself', async () => {
    stage = await EventStage.start({ timings: { heartbeatMs: 100, heartbeatTimeoutMs: 10_000 } })
    let posts = 0
    const counting: typeof fetch = (input, init) => {
      if (init?.method === 'POST') posts++
      return fetch(input, init)
    }
    const alice = await stage.editor('notes', { fetch: counting }).online()
    const before = posts
    await waitFor('it answers three times', () => posts >= before + 3, polled)
    expect(alice.closed).toBeUndefined()
  })

  test('end the connection of one that does not answer, and not that of a mere reader', async () => {
    stage = await EventStage.start({ timings: { heartbeatMs: 100, heartbeatTimeoutMs: 100 } })
    const reader = await stage.reader('notes').synced()
    const silent = await stage.reader('notes', '?post=1').opened()
    await silent.ended()
    expect(silent.events.some(({ type }) => type === 'ping')).toBe(true)
    await reader.until('three signs of life', () => reader.text.split(':\n\n').length > 3)
    expect(reader.isEnded).toBe(false)
  })
})

describe('the end of a stream', () => {
  test('by a restart is told with its code, and nothing is lost by it', async () => {
    stage = await EventStage.start({ isDurable: true })
    const alice = await stage.editor('notes', { state: { name: 'alice' } }).online()
    const reader = await stage.reader('notes').synced()
    alice.type('before')
    await alice.until('it is durable', () => alice.acknowledged === 2)
    await stage.restart()
    expect(await alice.ended()).toMatchObject({ code: 1012 })
    await reader.ended()
    expect(reader.close).toMatchObject({ code: 1012 })
    alice.type(', meanwhile')
    const again = await stage.editor('notes', { doc: cloneOf(alice) }).online()
    await again.until('it is durable', () => again.acknowledged === 1)
    const bob = await stage.stock('notes').online()
    await bob.has('before, meanwhile')
  })

  test('does not hold up a server that closes, whoever is connected', async () => {
    stage = await EventStage.start()
    await stage.editor('notes').online()
    await stage.reader('notes').synced()
    await stage.reader('notes', '', { isStalled: true }).answered()
    const startedAt = systemEnvironment.now()
    await stage.close()
    expect(systemEnvironment.now() - startedAt).toBeLessThan(4_500)
  })

  test('is 1006 for the client where the network, or another server, ends it', async () => {
    stage = await EventStage.start()
    const nowhere = new EventEditor('ws://127.0.0.1:1', 'notes')
    expect(await nowhere.ended()).toMatchObject({ code: 1006 })
    expect(nowhere.calls).toEqual(['error', 'close 1006'])
    const page: typeof fetch = async () => new Response('okay', { status: 200 })
    const stranger = stage.editor('notes', { fetch: page })
    expect(await stranger.ended()).toMatchObject({ code: 1006 })
    expect(stranger.calls).toEqual(['close 1006'])
  })
})

describe('a reader that does not keep up', () => {
  test('is closed with 4508, while others go on', async () => {
    stage = await EventStage.start({ limits: { lagStallMs: 500 } })
    const alice = await stage.stock('notes').online()
    const reader = await stage.reader('notes').synced()
    const bob = await stage.editor('notes').online()
    const slow = await stage.reader('notes', '', { isStalled: true }).answered()
    let written = ''
    // More than the network's own buffers hold.
    for (let round = 0; round < 24; round++) {
      const more = randomBytes(256_000).toString('hex')
      written += more
      alice.type(more)
      await Promise.all([
        waitFor('the editor goes on', () => bob.text.length === written.length, bob),
        waitFor('the reader goes on', () => reader.content.length === written.length, reader),
      ])
    }
    await waitFor('the slow one is closed', () => stage.log.closings.length > 0, stage.log)
    expect(stage.log.closings).toMatchObject([{ code: 'LAGGING', closeCode: 4508 }])
    expect(bob.text === written).toBe(true)
    expect(reader.content === written).toBe(true)
    await waitFor('the slow one is gone', () => stage.cairn.connectionCount === 3, polled)
    slow.destroy()
  })
})
