import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeSyncStep1, encodeSyncStep2, encodeUpdate } from '../protocol/codec.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

beforeEach(() => {
  simulated = new SimulatedServer()
})

afterEach(() => simulated.stop())

describe('one keystroke', () => {
  test('reaches the others, and not its author', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.socket.forget()
    alice.type('hello')
    await simulated.environment.settle()
    expect(bob.text).toBe('hello')
    expect(alice.socket.of('update')).toEqual([])
  })

  test('is shown to nobody before it is durable', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    simulated.store.hold()
    alice.type('hello')
    await simulated.pass(1_000)
    expect(simulated.store.waitingAppends).toBe(1)
    expect(bob.text).toBe('')
    const carol = new Replica(3)
    await simulated.connect('notes', carol)
    expect(carol.isSynced).toBe(true)
    expect(carol.text).toBe('')
    simulated.store.release()
    await simulated.pass(100)
    expect([bob.text, carol.text]).toEqual(['hello', 'hello'])
  })

  test('is acknowledged when it is durable, to whoever speaks the extension', async () => {
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    await simulated.environment.settle()
    expect(alice.socket.of('hello')).toHaveLength(1)
    // The answer to the server's step 1 was the first frame with an update.
    const before = alice.socket.of('acknowledge').at(-1)?.count
    expect(before).toBe(1)
    simulated.store.hold()
    alice.type('a').type('b')
    await simulated.pass(1_000)
    expect(alice.socket.of('acknowledge').at(-1)?.count).toBe(1)
    simulated.store.release()
    await simulated.pass(100)
    expect(alice.socket.of('acknowledge').at(-1)?.count).toBe(3)
  })

  test('shares one write with what else became durable in the same turn', async () => {
    const [alice, bob, carol] = [new Replica(1), new Replica(2), new Replica(3)]
    await simulated.connect('notes', alice, bob, carol)
    simulated.store.hold()
    for (const letter of 'abcdef') alice.type(letter)
    bob.type('X')
    carol.socket.forget()
    simulated.store.release()
    await simulated.pass(100)
    expect(carol.socket.writes).toBe(1)
    expect(carol.socket.of('update')).toHaveLength(7)
    expect(carol.text).toBe(alice.text)
    expect(carol.text).toBe(bob.text)
  })

  test('that adds nothing is dropped, and acknowledged', async () => {
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    await simulated.environment.settle()
    alice.type('abc')
    await simulated.environment.settle()
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    bob.socket.forget()
    alice.socket.receive(encodeUpdate(Y.encodeStateAsUpdate(alice.doc)))
    await simulated.pass(100)
    expect(bob.socket.of('update')).toEqual([])
    expect(alice.socket.of('acknowledge').at(-1)?.count).toBe(3)
    expect((await simulated.store.stat('notes'))?.head).toBe(1)
  })

  test('that is on its way for another is acknowledged when it is durable, not before', async () => {
    const alice = new Replica(1)
    const bob = new Replica(2).connect(simulated.server, 'notes', { isExtended: true })
    await simulated.connect('notes', alice)
    await simulated.pass(100)
    const before = bob.socket.of('acknowledge').at(-1)?.count ?? 0
    simulated.store.hold()
    alice.type('abc')
    // Bob has it from elsewhere, another tab of the browser for instance, and passes it on.
    bob.socket.receive(encodeUpdate(Y.encodeStateAsUpdate(alice.doc)))
    await simulated.pass(1_000)
    expect(bob.socket.of('acknowledge').at(-1)?.count ?? 0).toBe(before)
    simulated.store.release()
    await simulated.pass(100)
    expect(bob.socket.of('acknowledge').at(-1)?.count).toBe(before + 1)
  })

  test('that starts below what is known is stored without the known part', async () => {
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.type('ab')
    await simulated.pass(100)
    alice.socket.disconnect()
    alice.type('cd')
    const bytes = (await simulated.store.stat('notes'))?.tailBytes ?? 0
    const again = new Replica(3)
    await simulated.connect('notes', again)
    // All four letters are one item in this update.
    again.socket.receive(encodeUpdate(Y.encodeStateAsUpdate(alice.doc)))
    await simulated.pass(100)
    expect(bob.text).toBe('abcd')
    const [, second] = (await simulated.store.exportDocument('notes'))?.records ?? []
    expect(second && Y.decodeUpdate(second.update).structs.map(({ id }) => id.clock)).toEqual([2])
    expect((await simulated.store.stat('notes'))?.tailBytes).toBeGreaterThan(bytes)
  })

  test('cannot poison a document by overlapping what is collected garbage', async () => {
    const [mallory, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', mallory, bob)
    const garbage = Uint8Array.of(1, 1, 66, 0, 0, 3, 0)
    const text = [...new TextEncoder().encode('hello')]
    // An item at clock 0 with a root type as its parent: Yjs throws where it meets the garbage.
    const overlap = Uint8Array.of(1, 1, 66, 0, 4, 1, 1, 116, 5, ...text, 0)
    const doc = new Y.Doc()
    Y.applyUpdate(doc, garbage)
    expect(() => Y.applyUpdate(doc, overlap)).toThrow()
    mallory.socket.receive(encodeUpdate(garbage))
    mallory.socket.receive(encodeUpdate(overlap))
    await simulated.pass(100)
    const fresh = new Replica(3)
    await simulated.connect('notes', fresh)
    bob.type('unharmed')
    await simulated.pass(100)
    expect(fresh.text).toBe('unharmed')
    expect(fresh.doc.store.pendingStructs).toBeNull()
  })

  test('repeats none of the delete set that a sync step 2 carries again', async () => {
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('abcdefghijklmnopqrstuvwxyz')
    for (let i = 0; i < 12; i++) alice.doc.getText('text').delete(i, 1)
    await simulated.environment.settle()
    const before = await simulated.store.stat('notes')
    alice.doc.getText('text').insert(0, '!')
    alice.socket.receive(encodeSyncStep2(Y.encodeStateAsUpdate(alice.doc, new Uint8Array([0]))))
    await simulated.environment.settle()
    const after = await simulated.store.stat('notes')
    // The insertion by itself, and no second copy of it or of the deletes.
    expect(after?.head).toBeLessThanOrEqual((before?.head ?? 0) + 2)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe(alice.text)
    expect(Y.encodeStateAsUpdate(bob.doc)).toEqual(Y.encodeStateAsUpdate(alice.doc))
  })
})

describe('a failing store', () => {
  test('stops showing and acknowledging, closes with 4503, and heals by itself', async () => {
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    alice.type('kept ')
    await simulated.environment.settle()
    simulated.store.hold()
    alice.type('lost?')
    await simulated.environment.settle()
    simulated.store.breakDown()
    await simulated.environment.settle()
    expect(alice.socket.closed?.code).toBe(4503)
    expect(bob.socket.closed?.code).toBe(4503)
    expect(bob.text).toBe('kept ')
    expect(alice.socket.of('acknowledge').at(-1)?.count).toBe(2)

    alice.connect(simulated.server, 'notes')
    await simulated.environment.settle()
    expect(alice.socket.closed?.code).toBe(4503)

    simulated.store.heal()
    await simulated.pass(1_000)
    await simulated.connect('notes', alice, bob)
    await simulated.environment.settle()
    expect(bob.text).toBe('kept lost?')
  })
})

describe('an update whose past is unknown', () => {
  test('is held, asked for and admitted in the turn in which its past arrives', async () => {
    const source = new Y.Doc()
    source.clientID = 7
    const updates: Uint8Array[] = []
    source.on('update', (update: Uint8Array) => updates.push(update))
    for (const letter of 'abc') source.getText('text').insert(0, letter)
    const [first, second, third] = updates
    if (!first || !second || !third) throw new Error('three edits make three updates')
    const [alice, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', alice, bob)
    alice.socket.forget()
    alice.socket.receive(encodeUpdate(third))
    alice.socket.receive(encodeUpdate(second))
    await simulated.pass(100)
    expect(bob.text).toBe('')
    expect(alice.socket.of('sync-step-1').length).toBeGreaterThan(0)
    alice.socket.receive(encodeUpdate(first))
    await simulated.pass(100)
    expect(bob.text).toBe('cba')
    expect(bob.doc.store.pendingStructs).toBeNull()
  })

  test('never holds back what its author sends besides', async () => {
    const stuck = new Y.Doc()
    stuck.clientID = 7
    stuck.getText('text').insert(0, 'past')
    const vector = Y.encodeStateVector(stuck)
    stuck.getText('text').insert(4, ' present')
    const alice = new Replica(1).connect(simulated.server, 'notes', { isExtended: true })
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    // Alice's replica holds a struct whose past is nowhere; every full sync of hers carries it.
    Y.applyUpdate(alice.doc, Y.encodeStateAsUpdate(stuck, vector), alice)
    alice.type('hello')
    alice.socket.receive(encodeSyncStep2(Y.encodeStateAsUpdate(alice.doc)))
    await simulated.pass(100)
    expect(bob.text).toBe('hello')
    expect(bob.doc.store.pendingStructs).toBeNull()
    await simulated.pass(70_000)
    expect(alice.socket.closed).toBeUndefined()
    expect(alice.socket.of('reject').at(-1)?.code).toBe('INCOMPLETE')
    alice.type('!')
    await simulated.pass(100)
    expect(bob.text).toBe('hello!')
  })

  test('that would fill the room for held updates costs its sender the connection', async () => {
    const source = new Y.Doc()
    source.clientID = 7
    source.getText('text').insert(0, 'x')
    const vector = Y.encodeStateVector(source)
    source.getText('text').insert(1, 'y'.repeat(2_000_000))
    const [mallory, bob] = [new Replica(1), new Replica(2)]
    await simulated.connect('notes', mallory, bob)
    mallory.socket.receive(encodeUpdate(Y.encodeStateAsUpdate(source, vector)))
    await simulated.pass(100)
    expect(mallory.socket.closed?.code).toBe(4529)
    expect(bob.socket.closed).toBeUndefined()
  })

  test('is refused with a time to wait where the extension can say so', async () => {
    const roomless = new SimulatedServer({ limits: { heldUpdates: 0, documentBytes: 1_000 } })
    const alice = new Replica(1).connect(roomless.server, 'notes', { isExtended: true })
    await roomless.pass(100)
    const source = new Y.Doc()
    source.getText('text').insert(0, 'x')
    const vector = Y.encodeStateVector(source)
    source.getText('text').insert(1, 'y')
    alice.socket.receive(encodeUpdate(Y.encodeStateAsUpdate(source, vector)))
    alice.type('z'.repeat(2_000))
    await roomless.pass(100)
    expect(alice.socket.of('reject')).toMatchObject([
      { code: 'RATE', retryAfterMs: 1_000 },
      { code: 'LIMIT_REACHED', retryAfterMs: 0 },
    ])
    expect(alice.socket.closed).toBeUndefined()
    await roomless.stop()
  })
})

describe('a bad frame', () => {
  const cases: readonly (readonly [string, Uint8Array, number])[] = [
    ['an empty frame', new Uint8Array(0), 4400],
    ['an unknown sync message', Uint8Array.of(0, 9, 0), 4400],
    ['trailing bytes', Uint8Array.of(0, 2, 2, 0, 0, 7), 4400],
    ['a malformed update', Uint8Array.of(0, 2, 3, 1, 1, 5), 4400],
    ['a malformed state vector', Uint8Array.of(0, 0, 1, 0x80), 4400],
    ['a malformed awareness message', Uint8Array.of(1, 2, 1, 1), 4400],
  ]
  for (const [what, frame, code] of cases) {
    test(`${what} closes its connection with ${code} and nothing else`, async () => {
      const [mallory, alice, bob] = [new Replica(1), new Replica(2), new Replica(3)]
      await simulated.connect('notes', mallory, alice, bob)
      mallory.socket.receive(frame)
      expect(mallory.socket.closed?.code).toBe(code)
      alice.type('still here')
      await simulated.environment.settle()
      expect(bob.text).toBe('still here')
    })
  }

  test('a text message closes its connection with 4400', async () => {
    const mallory = new Replica(1)
    await simulated.connect('notes', mallory)
    mallory.socket.receiveText()
    expect(mallory.socket.closed?.code).toBe(4400)
  })

  test('an update above the limit closes with 4413', async () => {
    const small = new SimulatedServer({ limits: { updateBytes: 100 } })
    const mallory = new Replica(1)
    await small.connect('notes', mallory)
    mallory.type('x'.repeat(200))
    expect(mallory.socket.closed?.code).toBe(4413)
    await small.stop()
  })
})

describe('a message before the document is open', () => {
  test('waits, and is handled in order', async () => {
    let open = (): void => undefined
    simulated.store.beforeOpen = new Promise<void>((resolve) => {
      open = resolve
    })
    const alice = new Replica(1).connect(simulated.server, 'notes')
    alice.type('early')
    alice.socket.receive(encodeSyncStep1(Y.encodeStateVector(new Y.Doc())))
    await simulated.environment.settle()
    expect(alice.isSynced).toBe(false)
    expect(alice.socket.sent).toEqual([])
    open()
    await simulated.pass(2_000)
    expect(alice.isSynced).toBe(true)
    const bob = new Replica(2)
    await simulated.connect('notes', bob)
    expect(bob.text).toBe('early')
  })
})
