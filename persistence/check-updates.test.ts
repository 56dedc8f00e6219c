import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { editedUpdates } from '../test/edited-updates.js'
import { clocksUpdate, deletesUpdate, everyOther } from '../test/made-updates.js'
import { findUpdateProblems } from './check-updates.js'
import type { ExportedDocument, NewSnapshot } from './document-store.js'
import { indexUpdate } from './index-update.js'

function documentOf(updates: readonly Uint8Array[], snapshot?: NewSnapshot): ExportedDocument {
  const through = snapshot?.through ?? 0
  const records = updates.map((update, index) => ({
    sequence: through + index + 1,
    time: 0,
    principal: '',
    connection: '',
    update,
  }))
  return { name: 'a', epoch: new Uint8Array(16), createdAt: 0, snapshot, records }
}

function stateOf(updates: readonly Uint8Array[]): Uint8Array {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return Y.encodeStateAsUpdate(doc)
}

const { updates } = editedUpdates(60)
const update = stateOf(updates.slice(0, 30))
const snapshot: NewSnapshot = { through: 30, update, ...indexUpdate(update) }

describe('the updates of a document', () => {
  test('are sound as a server wrote them, with a snapshot and without', () => {
    expect(findUpdateProblems(documentOf(updates))).toEqual([])
    expect(findUpdateProblems(documentOf([stateOf(updates)]))).toEqual([])
    expect(findUpdateProblems(documentOf(updates.slice(30), snapshot))).toEqual([])
  })

  test('may be there twice', () => {
    const twice = [...updates, stateOf(updates), ...updates.slice(10)]
    expect(findUpdateProblems(documentOf(twice))).toEqual([])
  })

  test('may have more than one update may bring to a server', () => {
    const clocks = clocksUpdate(7, 0, 2_200_000)
    const deletes = deletesUpdate(7, everyOther(0, 1_100_000))
    expect(findUpdateProblems(documentOf([clocks, deletes]))).toEqual([])
  })

  test('are not sound where one is no update, or one is missing before another', () => {
    expect(findUpdateProblems(documentOf([Uint8Array.of(9, 9, 9)]))).toEqual([
      expect.stringMatching(/^record 1 is no Yjs v1 update/),
    ])
    for (const missing of [0, 7, 29]) {
      const [problem] = findUpdateProblems(documentOf(updates.toSpliced(missing, 1)))
      expect(problem).toMatch(/^record \d+ needs others that do not stand before it$/)
    }
    expect(findUpdateProblems(documentOf(updates.slice(31), snapshot))).not.toEqual([])
  })

  test('are not sound where the index of the snapshot claims more than it holds', () => {
    const empty = { ...snapshot, update: Uint8Array.of(0, 0) }
    const emptyIndex = indexUpdate(empty.update)
    for (const [forged, what] of [
      [{ ...empty, deleteSet: emptyIndex.deleteSet }, 'does not hold'],
      [{ ...empty, stateVector: emptyIndex.stateVector }, 'does not delete'],
      [{ ...snapshot, stateVector: Uint8Array.of(7) }, 'has an index that cannot be read'],
    ] as const) {
      const [problem] = findUpdateProblems(documentOf([], forged))
      expect(problem).toContain(`the snapshot ${what}`)
    }
  })
})

test('the index of an update is what Yjs says of it', () => {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const index = indexUpdate(update)
  expect(Y.decodeStateVector(index.stateVector)).toEqual(
    Y.decodeStateVector(Y.encodeStateVector(doc)),
  )
  expect([...index.rootNames].sort()).toEqual(['map', 'text'])
  expect(index.subdocuments).toBeGreaterThan(0)
})
