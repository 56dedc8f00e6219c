import { expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import { chooseKillMoments } from './kill-moments.js'

test('kills fall one in each stretch, with edits before the first and after the last', () => {
  for (let seed = 0; seed < 50; seed++) {
    const { after } = chooseKillMoments(1_000, 5, 2, createRandom(seed))
    expect(after).toHaveLength(5)
    for (const [kill, moment] of after.entries()) {
      expect(moment).toBeGreaterThanOrEqual(50 + kill * 170)
      expect(moment).toBeLessThanOrEqual(50 + (kill + 1) * 170)
    }
  }
})

test('what authors may write while offline leaves edits for the next kill to fall among', () => {
  const { offlineBudget } = chooseKillMoments(300, 3, 3, createRandom(1))
  expect(offlineBudget).toBeGreaterThan(0)
  expect(offlineBudget * 3).toBeLessThan(85 / 2)
  expect(chooseKillMoments(1e6, 3, 1, createRandom(1)).offlineBudget).toBe(200)
})
