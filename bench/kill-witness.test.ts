import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { KillWitness } from './kill-witness.js'

function typed(): { readonly doc: Y.Doc; readonly updates: readonly Uint8Array[] } {
  const doc = new Y.Doc()
  doc.clientID = 9
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  doc.getText('text').insert(0, 'abc')
  doc.getText('text').insert(3, 'def')
  doc.getText('text').delete(1, 2)
  return { doc, updates }
}

function recovered(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

test('a document that has everything that was seen has no losses', () => {
  const { doc, updates } = typed()
  const witness = new KillWitness()
  for (const update of updates) witness.seeUpdate(update)
  expect(witness.lossesIn(doc)).toEqual([])
  expect(witness.clocks).toBe(6)
})

test('one lost insert is seen', () => {
  const { updates } = typed()
  const witness = new KillWitness()
  for (const update of updates) witness.seeUpdate(update)
  expect(witness.lossesIn(recovered(updates.slice(0, 1)))).toEqual([
    'inserts of client 9, clocks 0 to 5',
    'deletes of client 9, clocks 1 to 2',
  ])
})

test('one lost delete is seen', () => {
  const { updates } = typed()
  const witness = new KillWitness()
  for (const update of updates) witness.seeUpdate(update)
  expect(witness.lossesIn(recovered(updates.slice(0, 2)))).toEqual([
    'deletes of client 9, clocks 1 to 2',
  ])
})

test('what has lost its past is seen', () => {
  const { updates } = typed()
  const witness = new KillWitness()
  const losses = witness.lossesIn(recovered(updates.slice(1)))
  expect(losses).toContain('the document has structs without their past')
  expect(losses).toContain('the document has deletes of unknown structs')
})
