import { expect, test } from 'vitest'
import { RandomStream, RandomStreams } from './random-stream.js'

test('a purpose has its own numbers, the same for the same seed', () => {
  const draw = (seed: number, purpose: string) => {
    const stream = new RandomStreams(seed).stream(purpose)
    return [stream.number(), stream.number()]
  }
  expect(draw(1, 'a')).toEqual(draw(1, 'a'))
  expect(draw(1, 'a')).not.toEqual(draw(1, 'b'))
  expect(draw(1, 'a')).not.toEqual(draw(2, 'a'))
})

test('draws keep to their bounds and reach them', () => {
  const random = new RandomStream(3)
  const integers = new Set(Array.from({ length: 200 }, () => random.integer(2, 4)))
  expect([...integers].sort()).toEqual([2, 3, 4])
  const waits = Array.from({ length: 5_000 }, () => random.exponential(100))
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
  expect(mean).toBeGreaterThan(90)
  expect(mean).toBeLessThan(110)
  expect(random.pickAny([])).toBeUndefined()
  const kinds = Array.from({ length: 300 }, () => random.weighted({ never: 0, rare: 1, often: 9 }))
  expect(kinds).not.toContain('never')
  const rare = kinds.filter((kind) => kind === 'rare').length
  expect(rare).toBeGreaterThan(10)
  expect(rare).toBeLessThan(60)
})
