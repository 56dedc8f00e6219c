import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { decodeStateVector, encodeStateVector } from './state-vector.js'

function refusal(bytes: readonly number[], maxClients?: number) {
  return () => decodeStateVector(Uint8Array.from(bytes), maxClients)
}

function error(rule: string) {
  return expect.objectContaining({ code: 'MALFORMED_STATE_VECTOR', rule })
}

describe('a state vector', () => {
  test('is read and written as Yjs does', () => {
    const doc = new Y.Doc()
    for (const clientID of [5, 2 ** 32 - 1, 300, 7]) {
      doc.clientID = clientID
      doc.getText('t').insert(0, 'abc'.repeat(clientID % 50))
    }
    const bytes = Y.encodeStateVector(doc)
    expect(decodeStateVector(bytes)).toEqual(Y.decodeStateVector(bytes))
    expect(encodeStateVector(decodeStateVector(bytes))).toEqual(bytes)
    expect(encodeStateVector(new Map([...decodeStateVector(bytes)].reverse()))).toEqual(bytes)
  })

  test('of an empty document is one byte', () => {
    expect(encodeStateVector(new Map())).toEqual(Y.encodeStateVector(new Y.Doc()))
    expect(decodeStateVector(Uint8Array.of(0)).size).toBe(0)
  })

  test('with more clients than allowed is refused', () => {
    const many = encodeStateVector(new Map(Array.from({ length: 100_001 }, (_, i) => [i, 1])))
    expect(() => decodeStateVector(many)).toThrow(error('count'))
    expect(decodeStateVector(many, 100_001).size).toBe(100_001)
    expect(refusal([2, 1, 1, 2, 1], 1)).toThrow(error('count'))
  })

  test.each([
    ['no bytes', [], 'truncated'],
    ['a count that is not met', [2, 1, 1], 'count'],
    ['a client without a clock', [1, 0x81, 0x80], 'truncated'],
    ['bytes after it', [1, 1, 1, 0], 'trailing-bytes'],
    ['a client twice', [2, 7, 1, 7, 2], 'count'],
    ['a clock past 2^48', [1, 7, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40], 'clock'],
    ['a clock that lib0 reads as NaN', [1, 7, ...new Array(150).fill(0x80), 1], 'varint'],
  ])('with %s is refused', (_name, bytes, rule) => {
    expect(refusal(bytes)).toThrow(error(rule))
  })
})
