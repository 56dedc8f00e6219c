import { describe, expect, test } from 'vitest'
import { createToxic, parseToxicSpec, toxicTypes } from './toxic-spec.js'

const half = () => 0.5

describe('a toxic', () => {
  test('latency delays every piece, give or take the jitter', () => {
    expect(createToxic({ type: 'latency', latency: 100 }, half).pass?.(1, 7)).toBe(107)
    const late = createToxic({ type: 'latency', latency: 100, jitter: 40 }, () => 0.75)
    expect(late.pass?.(1, 0)).toBe(120)
    expect(createToxic({ type: 'latency', latency: 1, jitter: 9 }, () => 0).pass?.(1, 5)).toBe(5)
  })

  test('bandwidth lets pieces wait for those before them', () => {
    const narrow = createToxic({ type: 'bandwidth', rate: 2 }, half)
    expect([narrow.pass?.(200, 0), narrow.pass?.(200, 0), narrow.pass?.(200, 1_000)]).toEqual([
      100, 200, 1_100,
    ])
  })

  test('slicer cuts into pieces that add up, and spaces them', () => {
    const slicer = createToxic({ type: 'slicer', average_size: 30, delay: 2_000 }, half)
    expect(slicer.slice?.(100)).toEqual([30, 30, 30, 10])
    expect([slicer.pass?.(30, 0), slicer.pass?.(30, 0)]).toEqual([2, 4])
  })

  test('timeout holds everything, and closes after its time unless that is 0', () => {
    expect(createToxic({ type: 'timeout', timeout: 0 }, half)).toEqual({ holds: true })
    expect(createToxic({ type: 'timeout', timeout: 9 }, half)).toEqual({
      holds: true,
      breaks: { afterMs: 9, how: 'close' },
    })
  })

  test('reset_peer and down break the connection', () => {
    const reset = createToxic({ type: 'reset_peer', timeout: 9 }, half)
    expect(reset.breaks).toEqual({ afterMs: 9, how: 'reset' })
    expect(createToxic({ type: 'down' }, half).breaks).toEqual({ afterMs: 0, how: 'reset' })
  })

  test('slow_close delays the close alone', () => {
    expect(createToxic({ type: 'slow_close', delay: 9 }, half)).toEqual({ closeDelayMs: 9 })
  })

  test('limit_data is spent after its bytes', () => {
    const limit = createToxic({ type: 'limit_data', bytes: 10 }, half)
    expect([limit.isSpent?.(10), limit.isSpent?.(1)]).toEqual([false, true])
  })
})

describe('a toxic in a file', () => {
  test('is read as it stands', () => {
    const spec = { type: 'latency', latency: 5, jitter: 1, toxicity: 0.5 }
    expect(parseToxicSpec(spec, 'here')).toEqual(spec)
    expect(toxicTypes).toHaveLength(8)
  })

  test.each([
    ['a number', 7, 'here must be an object with a "type", got 7'],
    ['an unknown type', { type: 'rain' }, /here\.type must be one of latency, .*, got "rain"/],
    ['no parameter', { type: 'latency' }, 'here: latency needs the parameter "latency"'],
    ['an unknown one', { type: 'down', x: 1 }, 'here: down has no parameter "x"'],
    ['a bad one', { type: 'latency', latency: '5' }, 'here.latency must be a number >= 0, got "5"'],
  ])('with %s is refused', (_what, value, message) => {
    expect(() => parseToxicSpec(value, 'here')).toThrow(message)
  })
})
