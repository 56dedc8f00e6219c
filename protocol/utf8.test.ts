import { expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import { utf16Length } from './utf8.js'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function lengthByDecoder(bytes: Uint8Array): number {
  try {
    return strict.decode(bytes).length
  } catch {
    return -1
  }
}

test('every sequence of two bytes, and every one of four after a lead, counts as decoded', () => {
  const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const pair = Uint8Array.of(first, second)
      expect(utf16Length(pair, 0, 2)).toBe(lengthByDecoder(pair))
    }
    for (const second of seconds) {
      for (const third of seconds) {
        for (const fourth of seconds) {
          const bytes = Uint8Array.of(first, second, third, fourth)
          if (utf16Length(bytes, 0, 4) !== lengthByDecoder(bytes)) expect(bytes).toBe('equal')
        }
      }
    }
  }
})

test('texts of any length count as decoded, valid or damaged, and only inside their bounds', () => {
  const random = createRandom(3)
  const words = ['plain ascii ', 'Größe ', '日本', '🎉', '\uFEFF', '\u0000']
  const encoder = new TextEncoder()
  for (let round = 0; round < 4_000; round++) {
    const length = Math.floor(random() * 40)
    const text = Array.from({ length }, () => words[Math.floor(random() * words.length)]).join('')
    const bytes = encoder.encode(text)
    if (random() < 0.5 && bytes.length > 0) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    }
    const padded = Uint8Array.from([0xbf, 0xf0, ...bytes, 0x9f, 0x80])
    expect(utf16Length(padded, 2, 2 + bytes.length)).toBe(lengthByDecoder(bytes))
  }
})
