import { describe, expect, test } from 'vitest'
import { PresenceClock } from './presence-clock.js'

const clock = new PresenceClock(1_000_000.5)

describe('the clock of presence', () => {
  test('begins at the wall clock', () => {
    expect(clock.at(0)).toBe(1_000_000)
    expect(clock.at(2_000.5)).toBe(1_002_001)
  })

  test.each([
    ['one more than was shown', 5, 3, 6],
    ["the client's where that is between the two", 5, 9, 9],
    ["one more where the client's is what was shown", 5, 5, 6],
    ["one more where the client's is ahead of the wall clock", 5, 1_000_001, 6],
    ['one more where the client says the greatest there is', 5, 2 ** 48, 6],
  ])('goes on with %s', (_, shown, claimed, next) => {
    expect(clock.next(shown, claimed, 0)).toBe(next)
  })

  test('is greater than the wall clock for those who join, and than all that was shown', () => {
    expect(clock.fresh(5, 0)).toBe(1_000_000)
    expect(clock.fresh(1_000_000, 0)).toBe(1_000_001)
  })
})
