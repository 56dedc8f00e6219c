import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeUpdate } from '../protocol/codec.js'
import { formattingConflict } from '../test/formatting-conflict.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'

let simulated: SimulatedServer

afterEach(() => simulated.stop())

function transact<Result>(name: string, change: (doc: Y.Doc) => Result): Promise<Result> {
  return simulated.run(simulated.server.transact(name, change))
}

function read(name: string): Promise<Y.Doc> {
  return simulated.run(simulated.server.read(name))
}

describe('transact', () => {
  test('edits a document as a client would: durable, then shown', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('from alice')
    await simulated.pass(100)
    simulated.store.hold()
    let isDone = false
    const done = simulated.server
      .transact('notes', (doc) => {
        const text = doc.getText('text')
        const before = text.toString()
        text.insert(0, 'from the program, ')
        return before
      })
      .then((result) => {
        isDone = true
        return result
      })
    await simulated.pass(1_000)
    expect(isDone).toBe(false)
    expect(alice.text).toBe('from alice')
    simulated.store.release()
    await simulated.pass(100)
    expect(await done).toBe('from alice')
    expect(alice.text).toBe('from the program, from alice')
  })

  test('edits where it says, also after others have moved what it knows', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    const list = alice.doc.getArray<string>('list')
    const text = alice.doc.getText('text')
    for (let i = 0; i < 100; i++) {
      list.insert(list.length >> 1, [`${i}`])
      text.insert(text.length >> 1, 'x')
    }
    await simulated.pass(100)
    for (let moved = 0; moved < 40; moved += 10) {
      const before = list.get(50 + moved)
      for (let i = 0; i < 10; i++) {
        list.insert(0, ['moved'])
        text.insert(0, 'm')
      }
      await simulated.pass(100)
      await transact('notes', (doc) => {
        doc.getArray('list').insert(60 + moved, [`here ${moved}`])
        doc.getText('text').insert(60 + moved, '|')
      })
      await simulated.pass(100)
      expect(list.get(60 + moved)).toBe(`here ${moved}`)
      expect(list.get(61 + moved)).toBe(before)
      expect(text.toString()[60 + moved]).toBe('|')
    }
  })

  test('leaves formatting marks as they are, which no log would know to be gone', async () => {
    simulated = new SimulatedServer()
    const { base, both, undone } = formattingConflict()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    for (const update of [base, ...both]) {
      alice.socket.receive(encodeUpdate(update))
      await simulated.pass(100)
      // The text is open, which is when Yjs looks for marks to drop.
      await transact('notes', (doc) => doc.getText('text').toDelta())
    }
    // Yjs would have dropped the marks of the first, so those of the second are the ones that count.
    for (const update of undone.reverse()) {
      alice.socket.receive(encodeUpdate(update))
      await simulated.pass(100)
      const fresh = (await read('notes')).getText('text').toDelta()
      expect(await transact('notes', (doc) => doc.getText('text').toDelta())).toEqual(fresh)
    }
  })

  test('uses one clientID for a document while it is in use', async () => {
    simulated = new SimulatedServer()
    for (let i = 0; i < 10; i++) {
      await transact('notes', (doc) => doc.getArray('list').push([i]))
      await simulated.pass(10)
    }
    const doc = await read('notes')
    expect(doc.getArray('list').length).toBe(10)
    expect(Y.decodeStateVector(Y.encodeStateVector(doc)).size).toBe(1)
  })

  test('that throws changes nothing', async () => {
    simulated = new SimulatedServer()
    const failing = simulated.server.transact('notes', (doc) => {
      doc.getText('text').insert(0, 'half done')
      throw new Error('changed my mind')
    })
    await expect(simulated.run(failing)).rejects.toThrow('changed my mind')
    await transact('notes', (doc) => doc.getText('text').insert(0, 'done'))
    const doc = await read('notes')
    expect(doc.getText('text').toString()).toBe('done')
  })

  test('that throws costs others that run at the same time nothing', async () => {
    simulated = new SimulatedServer()
    await transact('notes', (doc) => doc.getText('text').insert(0, 'base'))
    const texts: string[] = []
    const outcomes = await simulated.run(
      Promise.allSettled([
        simulated.server.transact('notes', (doc) => doc.getText('text').insert(4, ', first')),
        simulated.server.transact('notes', (doc) => {
          doc.getText('text').delete(0, 4)
          throw new Error('changed my mind')
        }),
        simulated.server.transact('notes', (doc) => {
          texts.push(doc.getText('text').toString())
          doc.getText('text').insert(0, 'last, ')
        }),
      ]),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    // What is on its way to the disk may be missing; what was given up must not be there.
    expect(texts[0]).toMatch(/^base(, first)?$/)
    expect((await read('notes')).getText('text').toString()).toBe('last, base, first')
  })

  test('may be in turn for one principal and for another', async () => {
    simulated = new SimulatedServer()
    for (const principal of ['alice', 'bob', 'alice', '', 'bob']) {
      const insert = (doc: Y.Doc): void => doc.getText('text').insert(0, `${principal} `)
      await simulated.run(simulated.server.transact('notes', insert, principal))
    }
    const doc = await read('notes')
    expect(doc.getText('text').toString()).toBe('bob  alice bob alice ')
    expect(Y.decodeStateVector(Y.encodeStateVector(doc)).size).toBe(3)
  })

  test('refuses a change that goes on after it returned, and leaves nothing of it', async () => {
    simulated = new SimulatedServer()
    const later = simulated.server.transact('notes', async (doc) => {
      doc.getText('text').insert(0, 'now')
      await null
      doc.getText('text').insert(0, 'later')
    })
    await expect(simulated.run(later)).rejects.toThrow(TypeError)
    await transact('notes', (doc) => doc.getText('text').insert(0, 'done'))
    expect((await read('notes')).getText('text').toString()).toBe('done')
  })

  test('rejects when the store fails, and what it wrote is not seen', async () => {
    simulated = new SimulatedServer()
    await transact('notes', (doc) => doc.getText('text').insert(0, 'kept'))
    simulated.store.hold()
    const failing = simulated.server.transact('notes', (doc) => doc.getText('text').insert(0, 'x'))
    const rejected = expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await simulated.pass(100)
    simulated.store.breakDown()
    await simulated.pass(100)
    await rejected
    simulated.store.heal()
    const doc = await read('notes')
    expect(doc.getText('text').toString()).toBe('kept')
  })

  test('that changes nothing writes nothing', async () => {
    simulated = new SimulatedServer()
    expect(await transact('notes', (doc) => doc.getText('text').length)).toBe(0)
    expect(await simulated.store.stat('notes')).toBeUndefined()
  })
})

describe('read', () => {
  test('gives a Y.Doc of its own with what is durable', async () => {
    simulated = new SimulatedServer()
    const alice = new Replica(1)
    await simulated.connect('notes', alice)
    alice.type('durable')
    await simulated.pass(100)
    simulated.store.hold()
    alice.type(' not yet')
    await simulated.pass(100)
    const doc = await read('notes')
    expect(doc.getText('text').toString()).toBe('durable')
    doc.getText('text').insert(0, 'private ')
    simulated.store.release()
    await simulated.pass(100)
    const again = await read('notes')
    expect(again.getText('text').toString()).toBe('durable not yet')
  })

  test('of a document that was never written gives an empty one, and makes none', async () => {
    simulated = new SimulatedServer()
    const doc = await read('nobody')
    expect(doc.share.size).toBe(0)
    expect(await simulated.store.list()).toEqual([])
  })
})
