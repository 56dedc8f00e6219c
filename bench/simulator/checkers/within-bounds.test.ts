import { expect, test } from 'vitest'
import { WithinBounds } from './within-bounds.js'

const checker = new WithinBounds({ bufferedBytes: 100, queuedBytes: 100 })
const sample = { bufferedBytes: 100, queuedBytes: 100, timers: 20, connections: 0, documents: 0 }

test('a server at its limits is within them', () => {
  expect(checker.sampled(sample)).toBeUndefined()
})

test.each([
  ['bytes for a connection', { bufferedBytes: 101 }, /101 bytes wait for one connection/],
  ['bytes for the store', { queuedBytes: 101 }, /101 bytes wait for the store/],
  ['timers', { timers: 21 }, /21 timers for 0 connections/],
])('more %s are caught', (_what, excess, message) => {
  expect(checker.sampled({ ...sample, ...excess })).toMatch(message)
})

test('sending to who has not read the last is caught', () => {
  const turn = { documentName: 'd', connectionId: 'c', isAnswer: false, updates: [] }
  expect(checker.sent({ ...turn, wasDrained: true })).toBeUndefined()
  expect(checker.sent({ ...turn, wasDrained: false })).toMatch(/had not read the last/)
})
