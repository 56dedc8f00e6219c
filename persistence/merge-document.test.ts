import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { editedUpdates } from '../test/edited-updates.js'
import type { ExportedDocument } from './document-store.js'
import { mergeDocument } from './merge-document.js'

/** A document of one record for each edit of two authors who see each other. */
function editedDocument(edits: number): { exported: ExportedDocument; text: string } {
  const { updates, text } = editedUpdates(edits)
  const records = updates.map((update, index) => ({
    sequence: index + 1,
    time: 0,
    principal: '',
    connection: '',
    update,
  }))
  const epoch = new Uint8Array(16)
  const exported = { name: 'a', epoch, createdAt: 0, snapshot: undefined, records }
  return { exported, text }
}

function textOf(update: Uint8Array): string {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  expect(doc.store.pendingStructs).toBeNull()
  return doc.getText('text').toString()
}

describe('mergeDocument', () => {
  test.each([1, 2, 64, 65, 300, 4200])('makes one update of %i records', (edits) => {
    const { exported, text } = editedDocument(edits)
    expect(textOf(mergeDocument(exported))).toBe(text)
  })

  test('takes the snapshot first', () => {
    const { exported, text } = editedDocument(200)
    const { records } = exported
    const early = mergeDocument({ ...exported, records: records.slice(0, 120) })
    const snapshot = {
      through: 120,
      update: early,
      stateVector: new Uint8Array(0),
      deleteSet: new Uint8Array(0),
      rootNames: [],
      subdocuments: 0,
    }
    const merged = mergeDocument({ ...exported, snapshot, records: records.slice(120) })
    expect(textOf(merged)).toBe(text)
  })

  test('makes the empty update of nothing', () => {
    const { exported } = editedDocument(0)
    expect(mergeDocument(exported)).toEqual(Y.encodeStateAsUpdate(new Y.Doc()))
  })
})
