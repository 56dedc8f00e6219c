import { describe, expect, test } from 'vitest'
import { encodeStateVector } from '../protocol/state-vector.js'
import { clocksUpdate, deletesUpdate, everyOther } from '../test/made-updates.js'
import { admitUpdate, outlineOfStored } from './admission.js'
import { ClientOwners } from './client-owners.js'
import { DocumentIndex } from './document-index.js'
import { defaultLimits } from './limits.js'
import { PendingUpdates } from './pending-updates.js'

const client = 7
const limits = defaultLimits

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
