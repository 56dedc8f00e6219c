import { expect, test } from 'vitest'
import { exported, textUpdate } from '../../../test/simulation-samples.js'
import { contentsOf } from '../contents-set.js'
import { AcknowledgedKept } from './acknowledged-kept.js'

const update = textUpdate(7, 'abc')

test('an acknowledged update that is on the disk is kept', () => {
  const checker = new AcknowledgedKept()
  checker.acknowledged('d', contentsOf(update))
  expect(checker.recovered(exported('d', [update]), false)).toBeUndefined()
})

test.each([
  ['a log without it', exported('d', [])],
  ['a log with a part of it', exported('d', [textUpdate(7, 'ab')])],
  ['no document', { name: 'd', exported: undefined, problems: [] }],
])('%s is a loss', (_what, stored) => {
  const checker = new AcknowledgedKept()
  checker.acknowledged('d', contentsOf(update))
  expect(checker.recovered(stored, false)).toMatch(/client 7 through clock 2/)
})

test('what a power cut may take is not missed, then or later', () => {
  const checker = new AcknowledgedKept()
  checker.acknowledged('d', contentsOf(update))
  expect(checker.recovered(exported('d', []), true)).toBeUndefined()
  expect(checker.recovered(exported('d', []), false)).toBeUndefined()
})
