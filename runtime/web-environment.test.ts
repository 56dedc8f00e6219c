import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { webEnvironment } from './web-environment.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

const day = 86_400_000

test('a timer of more than 25 days waits them out, and can be cancelled on the way', () => {
  const fired: string[] = []
  webEnvironment.setTimer(() => fired.push('sixty days'), 60 * day)
  webEnvironment.setTimer(() => fired.push('never'), Number.POSITIVE_INFINITY)
  const cancelled = webEnvironment.setTimer(() => fired.push('cancelled'), 60 * day)
  vi.advanceTimersByTime(59 * day)
  cancelled.cancel()
  expect(fired).toEqual([])
  vi.advanceTimersByTime(day)
  expect(fired).toEqual(['sixty days'])
  vi.advanceTimersByTime(365 * day)
  expect(fired).toEqual(['sixty days'])
})
