import { expect, test } from 'vitest'
import { encodeAwarenessEntries } from '../../protocol/awareness-message.js'
import { presenceMessage, readPresence } from './presence-state.js'

function read(awareness: Uint8Array): (readonly [number, number])[] {
  const states: (readonly [number, number])[] = []
  readPresence(awareness, 0, awareness.length, (clientID, atUs) => states.push([clientID, atUs]))
  return states
}

test('the moment in a presence message is read again', () => {
  const message = presenceMessage(4_000_000_001, 300, 1_234_567.4)
  // The type, and the length in two bytes.
  expect(read(message.subarray(3))).toEqual([[4_000_000_001, 1_234_567]])
})

test('removals and states of others are passed over', () => {
  const text = new TextEncoder()
  const entries = [
    { clientID: 1, clock: 1, state: undefined },
    { clientID: 2, clock: 9, state: text.encode('{"user":"somebody"}') },
    { clientID: 3, clock: 9, state: text.encode('{"at":42,"user":1}') },
    { clientID: 4, clock: 9, state: text.encode('{"at":"x"}') },
  ]
  expect(read(encodeAwarenessEntries(entries))).toEqual([[3, 42]])
})
