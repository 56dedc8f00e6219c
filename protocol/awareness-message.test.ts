import { describe, expect, test } from 'vitest'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as Y from 'yjs'
import { decodeAwareness, encodeAwarenessEntries } from './awareness-message.js'
import { ByteWriter } from './byte-writer.js'

const limits = { maxEntries: 10, maxStateBytes: 100 }
const utf8 = new TextEncoder()

/** A message of entries [clientID, clock, JSON text]. */
function message(...entries: readonly (readonly [number, number, string])[]): Uint8Array {
  const writer = new ByteWriter(64)
  writer.writeVarUint(entries.length)
  for (const [clientID, clock, state] of entries) {
    writer.writeVarUint(clientID)
    writer.writeVarUint(clock)
    writer.writeVarString(state)
  }
  return writer.finish()
}

function decode(bytes: Uint8Array) {
  return () => decodeAwareness(bytes, limits)
}

function error(code: string, rule: string) {
  return expect.objectContaining({ code, rule })
}

describe('an awareness message', () => {
  test('of y-protocols is read, and written again byte for byte', () => {
    const awareness = new awarenessProtocol.Awareness(new Y.Doc())
    awareness.setLocalState({ user: { name: 'Zoë 🎉' }, cursor: null })
    const own = awareness.clientID
    const present = awarenessProtocol.encodeAwarenessUpdate(awareness, [own])
    awareness.setLocalState(null)
    const absent = awarenessProtocol.encodeAwarenessUpdate(awareness, [own])
    awareness.destroy()
    const [entry] = decodeAwareness(present, limits)
    expect(entry?.clientID).toBe(own)
    expect(JSON.parse(new TextDecoder().decode(entry?.state))).toEqual({
      user: { name: 'Zoë 🎉' },
      cursor: null,
    })
    expect(decodeAwareness(absent, limits)).toMatchObject([{ clientID: own, state: undefined }])
    for (const bytes of [present, absent]) {
      expect(encodeAwarenessEntries(decodeAwareness(bytes, limits))).toEqual(bytes)
    }
  })

  test('of no entries is one byte', () => {
    expect(encodeAwarenessEntries([])).toEqual(Uint8Array.of(0))
    expect(decodeAwareness(Uint8Array.of(0), limits)).toEqual([])
  })

  test('keeps the text of a state as it came', () => {
    const state = ' { "a" : [ 1.50 ] } '
    expect(decodeAwareness(message([1, 2 ** 48, state]), limits)).toEqual([
      { clientID: 1, clock: 2 ** 48, state: utf8.encode(state) },
    ])
    expect(decodeAwareness(message([1, 2, ' null ']), limits)).toEqual([
      { clientID: 1, clock: 2, state: undefined },
    ])
  })

  test.each<readonly [string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'truncated'],
    ['more entries than bytes', Uint8Array.of(9, 1, 1, 1, 0x31), 'count'],
    ['bytes after it', Uint8Array.from([...message([1, 1, '{}']), 0]), 'trailing-bytes'],
    ['a clock past 2^48', message([1, 2 ** 48 + 1, '{}']), 'clock'],
    [
      'a clock that lib0 reads as Infinity',
      Uint8Array.from([1, 1, ...new Array(146).fill(0x80), 0x7f, 2, 0x7b, 0x7d]),
      'varint',
    ],
    ['a state of bad UTF-8', Uint8Array.of(1, 1, 1, 4, 0x7b, 0xff, 0x7d, 0x20), 'utf8'],
    ['a state that is no JSON', message([1, 1, '{"a":}']), 'content'],
    ['an empty state', message([1, 1, '']), 'content'],
    ['a number for a state', message([1, 1, '5']), 'content'],
    ['a string for a state', message([1, 1, '"x"']), 'content'],
    ['a list for a state', message([1, 1, '[{}]']), 'content'],
    ['a boolean for a state', message([1, 1, 'false']), 'content'],
    ['a second entry that is malformed', message([1, 1, '{}'], [2, 1, '{']), 'content'],
  ])('with %s is refused', (_name, bytes, rule) => {
    expect(decode(bytes)).toThrow(error('MALFORMED_AWARENESS', rule))
  })

  test('with a state that nests 65 levels is refused', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const roomy = { maxEntries: 1, maxStateBytes: 1e6 }
    expect(decodeAwareness(message([1, 1, nested(64)]), roomy)).toHaveLength(1)
    expect(() => decodeAwareness(message([1, 1, nested(65)]), roomy)).toThrow(
      error('MALFORMED_AWARENESS', 'nesting'),
    )
  })

  test('with too many entries or too large a state reaches a limit', () => {
    const entries = Array.from({ length: 11 }, (_, index) => [index, 1, '{}'] as const)
    expect(decode(message(...entries))).toThrow(error('LIMIT_REACHED', 'entries'))
    expect(decode(message(...entries.slice(1)))).not.toThrow()
    const state = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
    expect(decode(message([1, 1, state(100)]))).not.toThrow()
    expect(decode(message([1, 1, state(101)]))).toThrow(error('LIMIT_REACHED', 'state-bytes'))
  })
})
