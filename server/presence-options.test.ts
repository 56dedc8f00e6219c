import { describe, expect, test } from 'vitest'
import { presenceMessageLimits } from './presence-limits.js'
import { type PresenceOptions, resolvePresenceOptions } from './presence-options.js'

describe('the options of presence', () => {
  test('have defaults', () => {
    const { graceMs, stamp, limits, timings } = resolvePresenceOptions()
    expect(graceMs('any')).toBe(10_000)
    expect(stamp({ id: 'ann', name: 'Ann' })).toEqual({ id: 'ann', name: 'Ann' })
    expect(stamp({ id: 'ann' })).toEqual({ id: 'ann', name: undefined })
    expect(limits).toEqual({
      entriesPerConnection: 16,
      entriesPerDocument: 10_000,
      stateBytes: 16_384,
      documentStateBytes: 1_048_576,
      changesPerSecond: 30,
    })
    expect(timings).toEqual({ tombstoneMs: 60_000, renewalMs: 20_000, announceMs: 1_000 })
  })

  test('take a part, and a grace period by document', () => {
    const { graceMs, limits } = resolvePresenceOptions({
      graceMs: (name) => name.length,
      limits: { stateBytes: 0 },
    })
    expect(graceMs('four')).toBe(4)
    expect(limits.stateBytes).toBe(0)
    expect(limits.changesPerSecond).toBe(30)
  })

  test.each<[PresenceOptions, RegExp]>([
    [{ graceMs: -1 }, /presence\.graceMs must be a number >= 0, got -1/],
    [{ graceMs: Number.NaN }, /presence\.graceMs .* got NaN/],
    [{ limits: { stateBytes: -1 } }, /presence\.limits\.stateBytes .* got -1/],
    [
      { limits: { stateBytes: 1, ...{ stateByte: 1 } } },
      /presence\.limits\.stateByte is not known/,
    ],
    [{ timings: { renewalMs: 30_000 } }, /renewalMs must be more than 0 and less than 30000/],
    [{ timings: { renewalMs: 0 } }, /renewalMs must be more than 0/],
  ])('that are wrong are named: %j', (options, message) => {
    expect(() => resolvePresenceOptions(options)).toThrow(message)
  })

  test('let everything through that a client may echo', () => {
    const { limits } = resolvePresenceOptions()
    expect(presenceMessageLimits(limits)).toEqual({ maxEntries: 20_000, maxStateBytes: 131_072 })
    expect(presenceMessageLimits({ ...limits, stateBytes: 0, entriesPerDocument: 0 })).toEqual({
      maxEntries: Number.POSITIVE_INFINITY,
      maxStateBytes: Number.POSITIVE_INFINITY,
    })
  })
})
