import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { describeAsText } from './document-text.js'

function makeDoc(change: (doc: Y.Doc) => void): Y.Doc {
  const doc = new Y.Doc()
  change(doc)
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}

test('the only root type is taken, without its formatting', () => {
  const doc = makeDoc(() => undefined)
  expect(() => describeAsText(doc)).toThrow('the document is empty')
  const text = makeDoc((source) => {
    source.getText('t').insert(0, 'plain ')
    source.getText('t').insert(6, 'bold 🎉', { bold: true })
  })
  expect(describeAsText(text)).toBe('plain bold 🎉')
})

test('of several root types one must be named', () => {
  const doc = makeDoc((source) => {
    source.getText('title').insert(0, 'T')
    source.getText('body').insert(0, 'B')
  })
  expect(() => describeAsText(doc)).toThrow('choose with --root from "body", "title"')
  expect(describeAsText(doc, 'title')).toBe('T')
  expect(() => describeAsText(doc, 'other')).toThrow(
    'no root type "other". It has: "body", "title"',
  )
})

test('XML gives its text, a line for each block', () => {
  const doc = makeDoc((source) => {
    const blocks = ['one', 'two'].map((text) => {
      const block = new Y.XmlElement('paragraph')
      const formatted = new Y.XmlText()
      formatted.insert(0, text, { bold: true })
      block.insert(0, [formatted, new Y.XmlText('!')])
      return block
    })
    source.getXmlFragment('prosemirror').push(blocks)
  })
  expect(describeAsText(doc)).toBe('one!\ntwo!')
})

test('what is no text is refused with what to do', () => {
  const doc = makeDoc((source) => source.getMap('state').set('a', 1))
  expect(() => describeAsText(doc)).toThrow('"state" is no text (map). Use --format json')
})

test('a text of which everything was deleted is empty', () => {
  const doc = makeDoc((source) => {
    source.getText('t').insert(0, 'gone')
    source.getText('t').delete(0, 4)
  })
  expect(describeAsText(doc)).toBe('')
})
