import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { holdsDelete, holdsStructs, readUpdateContents } from './update-contents.js'

function typedAndDeleted(): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = 5
  doc.getText('text').insert(0, 'abcdef')
  doc.getText('text').delete(1, 2)
  return doc
}

test('readUpdateContents gives the clocks that an update brings and those that it deletes', () => {
  const contents = readUpdateContents(Y.encodeStateAsUpdate(typedAndDeleted()))
  expect(contents.structs.reduce((sum, { length }) => sum + length, 0)).toBe(6)
  expect(contents.deletes).toEqual([{ clientID: 5, clock: 1, length: 2 }])
})

test('holdsStructs is true for integrated clocks only', () => {
  const doc = typedAndDeleted()
  expect(holdsStructs(doc, { clientID: 5, clock: 2, length: 4 })).toBe(true)
  expect(holdsStructs(doc, { clientID: 5, clock: 2, length: 5 })).toBe(false)
  expect(holdsStructs(doc, { clientID: 6, clock: 0, length: 1 })).toBe(false)
})

test('holdsDelete is true only where every clock of the range is deleted', () => {
  const doc = typedAndDeleted()
  expect(holdsDelete(doc, { clientID: 5, clock: 1, length: 2 })).toBe(true)
  expect(holdsDelete(doc, { clientID: 5, clock: 1, length: 3 })).toBe(false)
  expect(holdsDelete(doc, { clientID: 5, clock: 0, length: 2 })).toBe(false)
  expect(holdsDelete(doc, { clientID: 5, clock: 5, length: 9 })).toBe(false)
})
