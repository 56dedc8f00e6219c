import { describe, expect, test } from 'vitest'
import { decodeBase64 } from './decode-base64.js'

describe('decodeBase64', () => {
  test('reads what Node writes, of every length and value', () => {
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 256)
      expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
    }
  })

  test('refuses another alphabet, missing padding, and bits that belong to nothing', () => {
    for (const text of ['AA-A', 'AA_A', 'AAA', 'AA', 'A===', '====', 'AA=A', 'A A=', 'AAé=']) {
      expect(() => decodeBase64(text), text).toThrow(SyntaxError)
    }
    expect(decodeBase64('AA==')).toEqual(Uint8Array.of(0))
    expect(() => decodeBase64('AB==')).toThrow(SyntaxError)
    expect(() => decodeBase64('AAB=')).toThrow(SyntaxError)
  })
})
