import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { textUpdate } from '../../../test/simulation-samples.js'
import { AnswersComplete } from './answers-complete.js'

const update = textUpdate(7, 'abc')

test('who asked when something was durable must have it when it is synced', () => {
  const checker = new AnswersComplete()
  const [early, late] = [{}, {}]
  checker.asked(early, 'd')
  checker.appended('d', 1, update)
  checker.asked(late, 'd')
  const doc = new Y.Doc()
  expect(checker.answered(early, doc)).toBeUndefined()
  expect(checker.answered(late, doc)).toBe(
    'synced with client 7 at 0, 3 were durable when it asked',
  )
  checker.asked(late, 'd')
  Y.applyUpdate(doc, update)
  expect(checker.answered(late, doc)).toBeUndefined()
})

test('each answer is held against one question, in the order of both', () => {
  const checker = new AnswersComplete()
  const connection = {}
  const doc = new Y.Doc()
  checker.asked(connection, 'd')
  checker.asked(connection, 'd')
  checker.appended('d', 1, update)
  checker.asked(connection, 'd')
  // They were on their way when the third was asked.
  expect(checker.answered(connection, doc)).toBeUndefined()
  expect(checker.answered(connection, doc)).toBeUndefined()
  expect(checker.answered(connection, doc)).toMatch(/^synced with client 7 at 0/)
  expect(checker.answered(connection, doc)).toBeUndefined()
})
