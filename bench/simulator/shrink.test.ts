import { expect, test } from 'vitest'
import { RandomStreams } from './random-stream.js'
import { shrink, simplerThan } from './shrink.js'
import { drawOptions, type SimulationOptions } from './simulation-options.js'
import type { SimulationResult } from './simulation-result.js'

const streams = new RandomStreams(7)
const drawn = drawOptions((purpose) => streams.stream(purpose), ['lan', 'train'])

function result(options: SimulationOptions, invariant: string | undefined): SimulationResult {
  return {
    seed: 7,
    options,
    hash: '',
    violation: invariant === undefined ? undefined : { invariant, at: 900, message: invariant },
    events: 0,
    simulatedMs: 0,
    realMs: 0,
    checkMs: 0,
    faults: [],
    lanes: [],
    convergence: [],
    healedAt: undefined,
    restedAt: undefined,
    serverStarts: 0,
    edits: 0,
    tail: [],
  }
}

test('everything goes that the failure does not need', async () => {
  const options = { ...drawn, editors: 4, faults: { crash: 1_000, 'disk-full': 500 } }
  const shrunk = await shrink(result(options, 'kept'), async (overrides) => {
    const now = { ...options, ...overrides }
    const fails = now.faults.crash !== undefined && now.editors >= 2
    return result(now, fails ? 'kept' : undefined)
  })
  const { options: left } = shrunk.result
  expect(left).toMatchObject({
    editors: 2,
    extendedEditors: 0,
    faults: { crash: 1_000 },
    links: ['lan'],
    limits: {},
  })
  expect(left.faults).not.toHaveProperty('disk-full')
  expect(shrunk.overrides).toEqual(left)
})

test('another failure on the way is not taken for this one', async () => {
  const shrunk = await shrink(result(drawn, 'this'), async () => result(drawn, 'another'))
  expect(shrunk.result.options).toEqual(drawn)
  expect(shrunk.tries).toBe(simplerThan(result(drawn, 'this')).length)
})
