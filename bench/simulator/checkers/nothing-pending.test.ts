import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { clientWith } from '../../../test/simulation-samples.js'
import { NothingPending } from './nothing-pending.js'

test('structs that wait for their past are caught', () => {
  const [whole, author] = [clientWith('whole', 'd', 7, 'abc'), clientWith('author', 'd', 8, 'x')]
  const before = Y.encodeStateVector(author.doc)
  author.doc.getText('text').insert(1, 'y')
  const torn = clientWith('torn', 'd', 9, '')
  Y.applyUpdate(torn.doc, Y.encodeStateAsUpdate(author.doc, before))
  expect(new NothingPending().rested([whole], [])).toBeUndefined()
  expect(new NothingPending().rested([whole], [torn])).toBe('torn has structs without their past')
})

test('deletes of what is not known are caught', () => {
  const author = clientWith('author', 'd', 8, 'xyz')
  const before = Y.encodeStateVector(author.doc)
  author.doc.getText('text').delete(0, 2)
  const torn = clientWith('torn', 'd', 9, '')
  Y.applyUpdate(torn.doc, Y.encodeStateAsUpdate(author.doc, before))
  expect(new NothingPending().rested([torn], [])).toBe('torn has deletes of unknown structs')
})
