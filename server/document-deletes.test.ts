import { afterEach, describe, expect, test } from 'vitest'
import { encodeStateVector } from '../protocol/state-vector.js'
import { clocksUpdate, deletesUpdate, everyOther } from '../test/made-updates.js'
import { Replica } from '../test/replica.js'
import { SimulatedServer } from '../test/simulated-server.js'
import { admitUpdate, outlineOfStored } from './admission.js'
import { ClientOwners } from './client-owners.js'
import { DocumentIndex } from './document-index.js'
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
