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
  Y.applyUpdate(doc, update)
  expect(checker.answered(late, doc)).toBeUndefined()
})
