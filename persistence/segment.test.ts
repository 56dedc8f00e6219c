import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from './document-store.js'
import { readSegmentKey } from './level-keys.js'
import { unseal } from './sealed-value.js'
import { decodeSegment, encodeSegment } from './segment.js'

const id = Uint8Array.from({ length: 16 }, (_, index) => index)

/** Strings with every kind of character, and the same author several times in a row. */
const author = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'alice'))

const recordsFrom = (first: number) =>
  fc
    .array(
      fc.record({
        time: fc.maxSafeNat().map((time) => time % 2 ** 48),
        principal: author,
        connection: author,
        update: fc.uint8Array({ maxLength: 300 }),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((records): LogRecord[] =>
      records.map((record, index) => ({ sequence: first + index, ...record })),
    )

describe('a segment', () => {
  test('gives its records back', () => {
    const records = fc.integer({ min: 1, max: 2 ** 48 - 100 }).chain(recordsFrom)
    fc.assert(
      fc.property(records, (encoded) => {
        const operations = encodeSegment(id, encoded)
        expect(operations.length).toBe(1)
        const [operation] = operations
        if (operation?.type !== 'put') throw new Error('a segment is put')
        const { lastSequence, chunk } = readSegmentKey(operation.key)
        expect([lastSequence, chunk]).toEqual([encoded.at(-1)?.sequence, 0])
        const body = unseal(operation.key, operation.value)
        expect(body.readUInt16BE(0)).toBe(1)
        expect(decodeSegment(body.subarray(2), lastSequence)).toEqual(encoded)
      }),
    )
  })

  test('that is not exactly its records is refused', () => {
    fc.assert(
      fc.property(recordsFrom(1), fc.nat(), (encoded, cut) => {
        const [operation] = encodeSegment(id, encoded)
        if (operation?.type !== 'put') throw new Error('a segment is put')
        const body = unseal(operation.key, operation.value).subarray(2)
        const short = body.subarray(0, cut % body.length)
        expect(() => decodeSegment(short, encoded.length)).toThrow('do not fill it')
        const long = Buffer.concat([body, Buffer.of(0)])
        expect(() => decodeSegment(long, encoded.length)).toThrow('do not fill it')
      }),
    )
  })

  test('of one hundred keystrokes of one author costs a few bytes for each', () => {
    const records = Array.from({ length: 100 }, (_, index) => ({
      sequence: index + 1,
      time: 1_700_000_000_000,
      principal: 'alice',
      connection: 'c1',
      update: new Uint8Array(20),
    }))
    const [operation] = encodeSegment(id, records)
    const length = operation?.type === 'put' ? operation.value.length : 0
    expect(length - 2000).toBeLessThan(850)
  })
})
