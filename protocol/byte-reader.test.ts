import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.js'
import { ByteWriter, varUintLength } from './byte-writer.js'

const edges = [0, 1, 63, 64, 127, 128, 2 ** 14 - 1, 2 ** 14, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const numbers = [...edges, 2 ** 32, 2 ** 35, 2 ** 48, 2 ** 49 - 1, 2 ** 49, 2 ** 53 - 1]

function readerOf(...bytes: readonly number[]): ByteReader {
  return new ByteReader('MALFORMED_MESSAGE', Uint8Array.from(bytes))
}

describe('numbers', () => {
  test.each(numbers)('%d is written and read as lib0 does', (value) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, value)
    const expected = encoding.toUint8Array(encoder)
    const writer = new ByteWriter(0)
    writer.writeVarUint(value)
    expect(writer.finish()).toEqual(expected)
    expect(varUintLength(value)).toBe(expected.length)
    expect(readerOf(...expected).readVarUint()).toBe(value)
    expect(decoding.readVarUint(decoding.createDecoder(expected))).toBe(value)
  })

  test.each([...numbers, ...numbers.map((it) => -it)])(
    'signed %d is passed over whole',
    (value) => {
      const encoder = encoding.createEncoder()
      encoding.writeVarInt(encoder, value)
      const reader = readerOf(...encoding.toUint8Array(encoder), 99)
      reader.skipVarInt()
      expect(reader.readByte()).toBe(99)
    },
  )

  test('a number may take up to 8 bytes, needed or not', () => {
    expect(readerOf(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00).readVarUint()).toBe(1)
  })

  test.each([
    ['nine bytes', [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 'varint'],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 'varint'],
    ['a number without an end', [0x81, 0x80], 'truncated'],
    ['nothing', [], 'truncated'],
  ])('%s is refused', (_name, bytes, rule) => {
    expect(() => readerOf(...bytes).readVarUint()).toThrow(expect.objectContaining({ rule }))
  })
})

describe('lengths and texts', () => {
  test('bytes are views of what is read', () => {
    const source = Uint8Array.of(2, 7, 8, 9)
    const reader = new ByteReader('MALFORMED_MESSAGE', source)
    const view = reader.readVarBytes()
    expect(view).toEqual(Uint8Array.of(7, 8))
    expect(view.buffer).toBe(source.buffer)
    expect(reader.remaining).toBe(1)
  })

  test('a byte order mark stays in the text, as with lib0', () => {
    expect(readerOf(4, 0xef, 0xbb, 0xbf, 0x61).readVarString()).toBe('\uFEFFa')
  })

  test.each<readonly [string, (reader: ByteReader) => unknown, readonly number[], string]>([
    ['a length past the end', (it) => it.readVarBytes(), [3, 1, 2], 'truncated'],
    ['a huge length', (it) => it.readVarBytes(), [0xff, 0xff, 0xff, 0xff, 0x7f], 'truncated'],
    ['skipping past the end', (it) => it.skipBytes(2), [1], 'truncated'],
    ['a bad text', (it) => it.readVarString(), [1, 0xff], 'utf8'],
    ['a count above what is left', (it) => it.readCount(2), [2, 0, 0, 0], 'count'],
    ['bytes after the end', (it) => it.expectEnd(), [1], 'trailing-bytes'],
  ])('%s is refused', (_name, read, bytes, rule) => {
    const error = expect.objectContaining({ code: 'MALFORMED_MESSAGE', rule })
    expect(() => read(readerOf(...bytes))).toThrow(error)
  })
})

describe('the writer', () => {
  test('hands out its own bytes when the capacity was right', () => {
    const writer = new ByteWriter(4)
    writer.writeVarUint(1)
    writer.writeVarBytes(Uint8Array.of(5, 6))
    expect(writer.finish()).toEqual(Uint8Array.of(1, 2, 5, 6))
  })

  test('grows when it was not, and writes lone surrogates as lib0 does', () => {
    const text = `${'ß'.repeat(100)}\ud800`
    const encoder = encoding.createEncoder()
    encoding.writeVarString(encoder, text)
    const writer = new ByteWriter(1)
    writer.writeVarString(text)
    expect(writer.finish()).toEqual(encoding.toUint8Array(encoder))
  })
})
