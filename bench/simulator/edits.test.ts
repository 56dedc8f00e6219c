import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { contentOf } from './document-difference.js'
import { type EditMix, RandomEditor } from './edits.js'
import { RandomStream } from './random-stream.js'

const none: EditMix = {
  type: 0,
  erase: 0,
  format: 0,
  map: 0,
  array: 0,
  xml: 0,
  undo: 0,
  paste: 0,
}

function edited(mix: EditMix, edits: number, seed = 1): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = 1
  const editor = new RandomEditor(doc, new RandomStream(seed), mix)
  for (let edit = 0; edit < edits; edit++) editor.edit()
  return doc
}

test('the same chance makes the same edits', () => {
  const mix = { ...none, type: 3, erase: 1, format: 1, map: 2, array: 2, xml: 2, paste: 0.1 }
  expect(contentOf(edited(mix, 200))).toEqual(contentOf(edited(mix, 200)))
  expect(contentOf(edited(mix, 200))).not.toEqual(contentOf(edited(mix, 200, 2)))
})

test('no surrogate pair is cut', () => {
  const text = edited({ ...none, type: 3, erase: 2, format: 1 }, 2_000)
    .getText('text')
    .toString()
  expect(() => encodeURIComponent(text)).not.toThrow()
  expect(text).toContain('😀')
  expect(text).not.toContain('\ufffd')
})

test('a kind without weight does not come', () => {
  const [text, map] = contentOf(edited({ ...none, map: 1 }, 100))
  expect(text).toEqual([])
  expect(map).not.toEqual(new Map())
})

test('undo takes back what was typed', () => {
  const doc = edited({ ...none, type: 1, undo: 1 }, 3)
  const editor = new RandomEditor(doc, new RandomStream(1), { ...none, undo: 1 })
  const before = doc.getText('text').length
  doc.getText('text').insert(0, 'abc')
  for (let tries = 0; tries < 20 && doc.getText('text').length !== before; tries++) editor.edit()
  expect(doc.getText('text').length).toBe(before)
})
