import { describe, expect, test } from 'vitest'
import { rushOf, simulateCairnCrowd, simulateUniformCrowd } from './reconnect-crowd.js'

const options = { clients: 1_000, downMs: 10_000, seed: 7 }

describe('1,000 clients that start together while the server is down for 10 s', () => {
  test('come in over seconds: never more than a twentieth of them in a tenth of a second', async () => {
    const crowd = await simulateCairnCrowd(options)
    expect(crowd.connectedAt).toHaveLength(1_000)
    expect(rushOf(crowd, options)).toBeLessThanOrEqual(50)
    const [first = 0, last = 0] = [crowd.connectedAt[0], crowd.connectedAt.at(-1)]
    expect(last - first).toBeGreaterThan(5_000)
    expect(last - options.downMs).toBeLessThanOrEqual(30_000)
  })

  test('would all come at the same moment without jitter', async () => {
    expect(rushOf(await simulateUniformCrowd(options), options)).toBe(1_000)
  })

  test('find a server that is there at the first attempt', async () => {
    const crowd = await simulateCairnCrowd({ ...options, downMs: 0 })
    expect(crowd.attempts).toEqual([1_000])
    expect(crowd.connectedAt).toHaveLength(1_000)
  })
})
