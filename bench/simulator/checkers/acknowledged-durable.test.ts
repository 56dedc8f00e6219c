import { expect, test } from 'vitest'
import { textUpdate } from '../../../test/simulation-samples.js'
import { contentsOf } from '../contents-set.js'
import { AcknowledgedDurable } from './acknowledged-durable.js'

const update = textUpdate(7, 'abc')

test('what the store called durable may be acknowledged', () => {
  const checker = new AcknowledgedDurable()
  checker.appended('d', 1, update)
  expect(checker.acknowledged('d', contentsOf(update))).toBeUndefined()
})

test('an acknowledgement before that is caught, and one for another document', () => {
  const checker = new AcknowledgedDurable()
  checker.appended('other', 1, update)
  expect(checker.acknowledged('d', contentsOf(update))).toMatch(/acknowledged and not durable/)
})
