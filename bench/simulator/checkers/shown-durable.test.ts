import { expect, test } from 'vitest'
import { exported, textUpdate } from '../../../test/simulation-samples.js'
import { ShownDurable } from './shown-durable.js'

const update = textUpdate(7, 'abc')
const sent = {
  documentName: 'd',
  connectionId: 'c',
  isAnswer: false,
  wasDrained: true,
  updates: [update],
}

test('what is shown before it is durable is caught', () => {
  const checker = new ShownDurable()
  expect(checker.sent(sent)).toMatch(/shown and not durable/)
  checker.appended('d', 1, update)
  expect(checker.sent(sent)).toBeUndefined()
})

test('what was shown and is not on the disk is caught', () => {
  const checker = new ShownDurable()
  checker.appended('d', 1, update)
  checker.sent(sent)
  expect(checker.recovered(exported('d', [update]), false)).toBeUndefined()
  expect(checker.recovered(exported('d', []), false)).toMatch(/shown and not on the disk/)
})
