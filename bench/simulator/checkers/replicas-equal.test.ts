import { expect, test } from 'vitest'
import { clientWith } from '../../../test/simulation-samples.js'
import { ReplicasEqual } from './replicas-equal.js'

const checker = new ReplicasEqual()

test('replicas of one document must be equal, of several not', () => {
  const [a, b] = [clientWith('a', 'd', 7, 'abc'), clientWith('b', 'd', 7, 'abc')]
  expect(checker.rested([a], [b])).toBeUndefined()
  expect(checker.rested([a], [clientWith('b', 'd', 7, 'ab')])).toMatch(/ends at clock 3 and 2/)
  expect(checker.rested([a], [clientWith('b', 'other', 7, 'ab')])).toBeUndefined()
})

test('another delete is caught', () => {
  const [a, b] = [clientWith('a', 'd', 7, 'abc'), clientWith('b', 'd', 7, 'abc')]
  b.doc.getText('text').delete(0, 1)
  expect(checker.rested([a], [b])).toMatch(/other deletes/)
})
