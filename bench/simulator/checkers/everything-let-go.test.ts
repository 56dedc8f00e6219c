import { expect, test } from 'vitest'
import { EverythingLetGo } from './everything-let-go.js'

const checker = new EverythingLetGo()
const empty = { bufferedBytes: 0, queuedBytes: 0, timers: 1, connections: 0, documents: 0 }

test('a server that nobody uses must hold nothing', () => {
  expect(checker.emptied(empty)).toBeUndefined()
})

test.each([
  ['a connection', { connections: 1 }],
  ['a document', { documents: 1 }],
  ['timers', { timers: 3 }],
])('%s that is left is caught', (_what, rest) => {
  expect(checker.emptied({ ...empty, ...rest })).toMatch(/left|in memory/)
})
