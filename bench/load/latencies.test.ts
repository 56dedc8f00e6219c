import { expect, test } from 'vitest'
import { Latencies } from './latencies.js'

test('percentiles are exact to three digits', () => {
  const latencies = new Latencies()
  for (let ms = 1; ms <= 1_000; ms++) latencies.record(ms)
  const { count, mean, p50, p99, max } = latencies.summary()
  expect(count).toBe(1_000)
  for (const [got, wanted] of [
    [mean, 500.5],
    [p50, 500],
    [p99, 990],
    [max, 1_000],
  ] as const) {
    expect(Math.abs(got - wanted) / wanted).toBeLessThan(0.002)
  }
})

test('what two processes recorded adds up without loss', () => {
  const [one, two, both, sum] = [new Latencies(), new Latencies(), new Latencies(), new Latencies()]
  for (let index = 0; index < 500; index++) {
    one.record(index * 0.37)
    two.record(index * 11)
    both.record(index * 0.37)
    both.record(index * 11)
  }
  sum.add(one.encode())
  sum.add(two.encode())
  expect(sum.summary()).toEqual(both.summary())
  expect(sum.curve()).toEqual(both.curve())
})

test('nothing recorded is a summary of zeros and no curve', () => {
  expect(new Latencies().summary()).toEqual({
    count: 0,
    mean: 0,
    p50: 0,
    p90: 0,
    p99: 0,
    p999: 0,
    max: 0,
  })
  expect(new Latencies().curve()).toEqual([])
})

test('times outside the range count as its ends', () => {
  const latencies = new Latencies()
  latencies.record(-5)
  latencies.record(1e9)
  expect(latencies.percentile(0)).toBeCloseTo(0.001)
  expect(latencies.summary().max).toBeGreaterThan(3_590_000)
})
