import { expect, test } from 'vitest'
import { clientWith } from '../../../test/simulation-samples.js'
import { EverybodySynced } from './everybody-synced.js'

const client = clientWith('somebody', 'd', 7, '')

test('who is not synced, or waits for an acknowledgement, is caught', () => {
  const checker = new EverybodySynced()
  expect(checker.rested([client], [client])).toBeUndefined()
  expect(checker.rested([{ ...client, isSynced: false }], [])).toMatch(/somebody is not synced/)
  expect(checker.rested([], [{ ...client, unacknowledged: 2 }])).toMatch(/2 updates of somebody/)
})
