import { expect, test } from 'vitest'
import { textUpdate } from '../../../test/simulation-samples.js'
import { OwnUpdatesKeptBack } from './own-updates-kept-back.js'

const update = textUpdate(7, 'abc')
const turn = { documentName: 'd', isAnswer: false, wasDrained: true, updates: [update] }

test('an update may go to everybody but the connection that brought it', () => {
  const checker = new OwnUpdatesKeptBack()
  checker.appended('d', 1, update, 'author')
  expect(checker.sent({ ...turn, connectionId: 'other' })).toBeUndefined()
  expect(checker.sent({ ...turn, connectionId: 'author' })).toMatch(/went back/)
})

test('an answer to sync step 1 may hold it, and so may what another one brought too', () => {
  const checker = new OwnUpdatesKeptBack()
  checker.appended('d', 1, update, 'author')
  expect(checker.sent({ ...turn, connectionId: 'author', isAnswer: true })).toBeUndefined()
  checker.appended('d', 2, update, 'other')
  expect(checker.sent({ ...turn, connectionId: 'author' })).toBeUndefined()
})
