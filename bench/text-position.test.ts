import { describe, expect, test } from 'vitest'
import { unitOffset } from './text-position.js'

describe('unitOffset', () => {
  test('counts a character outside the basic plane as one position and two units', () => {
    expect([0, 1, 2, 3, 4].map((position) => unitOffset('a😀b🇨', position))).toEqual([
      0, 1, 3, 4, 6,
    ])
  })

  test('goes on from a known offset', () => {
    expect(unitOffset('a😀b🇨', 4, 3, 2)).toBe(6)
  })

  test('is undefined beyond the end of the text', () => {
    expect(unitOffset('😀', 2)).toBeUndefined()
  })
})
