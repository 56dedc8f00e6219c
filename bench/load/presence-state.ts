import { Buffer } from 'node:buffer'
import { encodeAwarenessEntries } from '../../protocol/awareness-message.js'
import { encodeAwareness } from '../../protocol/codec.js'

const marker = '{"at":'

/** A cursor as editors keep it in awareness, with the moment in which it was due, in microseconds. */
export function presenceMessage(clientID: number, clock: number, atUs: number): Uint8Array {
  const position = { type: null, tname: 'content', item: { client: clientID, clock }, assoc: 0 }
  const state = {
    at: Math.round(atUs),
    user: { name: `editor ${clientID % 1_000}`, color: '#30bced' },
    cursor: { anchor: position, head: position },
  }
  return encodeAwareness(
    encodeAwarenessEntries([{ clientID, clock, state: Buffer.from(JSON.stringify(state)) }]),
  )
}

/**
 * Calls `onState` for each state of an awareness message of `presenceMessage` form, from the count
 * of entries on, with the moment in it. Removals and states of others are passed over.
 */
export function readPresence(
  bytes: Uint8Array,
  start: number,
  end: number,
  onState: (clientID: number, atUs: number) => void,
): void {
  let position = start
  const readVarUint = (): number => {
    let value = 0
    for (let factor = 1; position < end; factor *= 128) {
      const byte = bytes[position++] as number
      value += (byte & 127) * factor
      if (byte < 128) break
    }
    return value
  }
  for (let left = readVarUint(); left > 0 && position < end; left--) {
    const clientID = readVarUint()
    readVarUint()
    const length = readVarUint()
    const at = readMoment(bytes, position, position + length)
    if (at !== undefined) onState(clientID, at)
    position += length
  }
}

function readMoment(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start <= marker.length || bytes[start + 2] !== marker.charCodeAt(2)) return undefined
  let value = 0
  let position = start + marker.length
  for (; position < end; position++) {
    const digit = (bytes[position] as number) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return position === start + marker.length ? undefined : value
}
