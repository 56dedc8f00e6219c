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

// Where the table of valid sequences changes, and one on either side.
const leads = [0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef]
const highLeads = [0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
const following = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]

test('every sequence at an edge of the table counts as decoded', () => {
  for (const first of [...leads, ...highLeads]) {
    for (const second of following) {
      for (const third of following) {
        for (const fourth of following) {
          const bytes = Uint8Array.of(first, second, third, fourth)
          for (let end = 1; end <= 4; end++) {
            const expected = lengthByDecoder(bytes.subarray(0, end))
            if (utf16Length(bytes, 0, end) !== expected) expect(bytes).toBe('counted as decoded')
          }
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
