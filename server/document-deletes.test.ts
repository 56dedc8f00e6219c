import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeSyncStep2 } from '../protocol/codec.js'
import { encodeStateVector } from '../protocol/state-vector.js'
import { idleWorker } from '../test/inline-worker.js'
import { clocksUpdate, deletesUpdate, everyOther } from '../test/made-updates.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { admitUpdate, outlineOfStored } from './admission.js'
import { ClientOwners } from './client-owners.js'
import { DocumentIndex } from './document-index.js'
import { answerTo } from './document-work.js'
import { defaultLimits } from './limits.js'
import { PendingUpdates } from './pending-updates.js'

const client = 7
const limits = { ...defaultLimits, documentDeleteRanges: 0 }

function indexOf(...updates: readonly Uint8Array[]): DocumentIndex {
  const index = new DocumentIndex(undefined)
  updates.forEach((update, at) => {
    index.add({ sequence: at + 1, update, connection: 'c' }, outlineOfStored(update))
  })
  return index
}

function admit(update: Uint8Array, index: DocumentIndex) {
  const pending = new PendingUpdates(index)
  const owners = new ClientOwners()
  return admitUpdate(update, { id: '', access: 'write' }, { index, pending, owners, limits })
}

// One by one, with what lies after each moved up, each takes a minute or two.
describe('hundreds of thousands of deletes in the worst order cost a moment', () => {
  const count = 800_000
  const clocks = clocksUpdate(client, 0, 3 * count)
  const backwards = everyOther(0, count).reverse()

  test('when they become durable', () => {
    const index = indexOf(clocks, deletesUpdate(client, backwards))
    expect(index.deleteRanges.rangeCount).toBe(count)
  })

  test('when one of them is known already', () => {
    const index = indexOf(clocks, deletesUpdate(client, [0]))
    const { complete } = admit(deletesUpdate(client, backwards), index)
    expect(complete?.outline.deletes.length).toBe(3 * (count - 1))
  })

  test('when a snapshot tells of them', () => {
    const half = count / 2
    const index = indexOf(clocks, deletesUpdate(client, everyOther(count, half)))
    index.replaceSnapshot({
      through: 2,
      byteLength: 0,
      stateVector: encodeStateVector(new Map([[client, 3 * count]])),
      deleteSet: deletesUpdate(client, everyOther(0, half)).subarray(1),
      rootNames: [],
      subdocuments: 0,
    })
    expect(index.deleteRanges.rangeCount).toBe(count)
  })
})

describe('documentDeleteRanges', () => {
  let simulated: SimulatedServer

  afterEach(() => simulated.stop())

  test('refuses the delete that would pass it, and lets in what adds no range', async () => {
    simulated = new SimulatedServer({ limits: { documentDeleteRanges: 3 } })
    const [alice, bob, carol] = [new Replica(client), new Replica(8), new Replica(9)]
    await simulated.connect('notes', alice, bob, carol)
    alice.type('abcdefghijkl')
    for (const at of [1, 3, 5]) alice.doc.getText('text').delete(at, 1)
    await simulated.pass(100)
    expect(bob.text).toBe('acdfgijkl')
    // Between two and beside one: named are two more, but there is one less in the end.
    alice.doc.getText('text').delete(1, 2)
    alice.doc.getText('text').delete(0, 1)
    await simulated.pass(100)
    expect(bob.text).toBe('fgijkl')
    for (const at of [1, 2]) bob.doc.getText('text').delete(at, 1)
    await simulated.pass(100)
    expect(alice.text).toBe('fikl')
    bob.doc.getText('text').delete(3, 1)
    await simulated.pass(100)
    expect(bob.socket.closed?.code).toBe(4413)
    expect(bob.socket.closed?.reason).toContain('documentDeleteRanges')
    carol.type('still here ')
    await simulated.pass(100)
    expect(alice.text).toContain('still here')
    expect([alice, carol].map((replica) => replica.socket.closed)).toEqual([undefined, undefined])
  })

  test('counts what is on its way', async () => {
    simulated = new SimulatedServer({ limits: { documentDeleteRanges: 3 } })
    const alice = new Replica(client)
    await simulated.connect('notes', alice)
    alice.type('abcdefghijkl')
    await simulated.pass(100)
    simulated.store.hold()
    for (const at of [1, 3, 5]) alice.doc.getText('text').delete(at, 1)
    expect(alice.socket.closed).toBeUndefined()
    alice.doc.getText('text').delete(7, 1)
    expect(alice.socket.closed?.code).toBe(4413)
    simulated.store.release()
  })
})

describe('a document that is beyond what one update may bring', () => {
  const count = 1_190_000
  const deletes = everyOther(0, count)
  const deleteSet = deletesUpdate(client, deletes).subarray(1)
  const updates = [
    clocksUpdate(client, 0, 2 * count),
    deletesUpdate(client, deletes.slice(0, count / 2)),
    deletesUpdate(client, deletes.slice(count / 2)),
  ]

  /** What a stock client answers with that was away: its edits, and all deletes that it knows. */
  function stepTwo(): Uint8Array {
    const doc = new Y.Doc()
    doc.clientID = 8
    doc.getText('text').insert(0, 'written offline')
    const update = Y.encodeStateAsUpdate(doc)
    return Buffer.concat([update.subarray(0, -1), deleteSet])
  }

  test('takes the edits of a stock client, which brings all its deletes', async () => {
    const simulated = new SimulatedServer({ documentWorker: idleWorker })
    const honest = new Replica(9)
    await simulated.connect('other', honest)
    // As if it had grown before there was a limit, or under another one.
    const log = await simulated.run(simulated.store.openLog('notes'))
    for (const update of updates) {
      await simulated.run(log.append({ update, principal: '', connection: '' }))
    }
    await simulated.run(log.close())
    await simulated.connect('notes', honest)
    honest.socket.receive(encodeSyncStep2(stepTwo()))
    await simulated.pass(1_000)
    expect(honest.socket.closed).toBeUndefined()
    const reader = new Replica(10)
    await simulated.connect('notes', reader)
    expect(reader.text).toBe('written offline')
    await simulated.stop()
  })

  test('opens from its snapshot', () => {
    const stateVector = encodeStateVector(new Map([[client, 2 * count]]))
    const index = new DocumentIndex({
      through: 3,
      byteLength: 0,
      stateVector,
      deleteSet,
      rootNames: [],
      subdocuments: 0,
    })
    expect(index.deleteRanges.rangeCount).toBe(count)
    expect(admit(stepTwo(), index).complete?.outline.deletes).toEqual([])
    const others = deletesUpdate(client, everyOther(1, count - 1))
    expect(() => admit(others, index)).toThrow('at most 1048576 delete ranges')
    // Who was away knows of more ranges than there are, when what lay between went as well.
    index.deleteRanges.add(client, 0, 2 * count)
    expect(admit(stepTwo(), index).complete?.outline.deletes).toEqual([])
  })

  test('is compacted', () => {
    // Of clients, since a Y.Doc takes longer for deletes; one update may bring 65,536.
    const clients = Array.from({ length: 65_537 }, (_, at) => clocksUpdate(at + 1, 0, 1))
    const answer = answerTo({ kind: 'compact', id: 1, updates: clients, gc: true })
    expect(answer.kind).toBe('compacted')
  })
})
