import { expect, test } from 'vitest'
import { clientWith } from '../../../test/simulation-samples.js'
import type { ClientState } from '../checker.js'
import { PresenceExact } from './presence-exact.js'

function client(clientID: number, states: Readonly<Record<number, unknown>>): ClientState {
  const entries = Object.entries(states).map(([id, state]) => [Number(id), state] as const)
  const state = clientWith(`client ${clientID}`, 'd', clientID, '')
  return { ...state, presence: { clientID, states: new Map(entries) } }
}

const all = { 1: { cursor: 1 }, 2: { cursor: 2 } }

test('everybody must see everybody, as they are but for what the server says of them', () => {
  const stamped = { ...all, 1: { cursor: 1, user: { id: 'one' } } }
  expect(new PresenceExact().rested([client(1, all), client(2, stamped)])).toBeUndefined()
})

test.each([
  ['somebody who is not seen', { 2: { cursor: 2 } }, /does not see client 1/],
  ['an old state', { ...all, 1: { cursor: 0 } }, /sees client 1 as {"cursor":0}/],
  ['a ghost', { ...all, 3: {} }, /sees 3, who is nobody/],
])('%s is caught', (_what, seen, message) => {
  expect(new PresenceExact().rested([client(1, all), client(2, seen)])).toMatch(message)
})

test('nothing is asked once the clock of the server was set back', () => {
  const checker = new PresenceExact()
  checker.clockSetBack()
  expect(checker.rested([client(1, all), client(2, {})])).toBeUndefined()
})
