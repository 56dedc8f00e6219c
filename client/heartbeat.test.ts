import { beforeEach, describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { Heartbeat } from './heartbeat.js'

let environment: SimulatedEnvironment
let heartbeat: Heartbeat
let asked: number[]
let latencies: number[]
let lostAt: number | undefined

beforeEach(() => {
  environment = new SimulatedEnvironment()
  asked = []
  latencies = []
  lostAt = undefined
  heartbeat = new Heartbeat({
    environment,
    ask: () => asked.push(environment.now()),
    onLatency: (latencyMs) => latencies.push(latencyMs),
    onLost: () => {
      lostAt = environment.now()
    },
  })
})

describe('a heartbeat', () => {
  test('C14 asks every 25 s as long as it is answered, and loses nobody', async () => {
    for (let round = 1; round <= 4; round++) {
      await environment.advance(25_000)
      heartbeat.heard(true)
    }
    expect(asked).toEqual([25_000, 50_000, 75_000, 100_000])
    expect(lostAt).toBeUndefined()
  })

  test.each([0, 1, 24_999, 25_000])(
    'C14 notices within 35 s that nothing is heard from %i ms on',
    async (silentFrom) => {
      await environment.advance(silentFrom)
      heartbeat.heard(true)
      await environment.advance(120_000)
      expect((lostAt ?? Number.POSITIVE_INFINITY) - silentFrom).toBeLessThanOrEqual(35_000)
    },
  )

  test('C14 takes anything for a sign of life', async () => {
    await environment.advance(34_999)
    heartbeat.heard(false)
    await environment.advance(10_000)
    expect(lostAt).toBeUndefined()
  })

  test('C14 asks at once after a wake-up, and notices within 3 s', async () => {
    await environment.advance(1_000)
    heartbeat.check()
    expect(asked).toEqual([1_000])
    await environment.advance(2_999)
    expect(lostAt).toBeUndefined()
    await environment.advance(1)
    expect(lostAt).toBe(4_000)
  })

  test('C14 goes on after a wake-up that was answered', async () => {
    heartbeat.check()
    await environment.advance(100)
    heartbeat.heard(true)
    await environment.advance(24_900)
    expect(lostAt).toBeUndefined()
    await environment.advance(100)
    expect(asked).toEqual([0, 25_100])
  })

  test('reads what came while the page stood still before it concludes', async () => {
    await environment.advance(25_000)
    environment.standStill(60_000)
    await environment.advance(0)
    expect(lostAt).toBeUndefined()
    await environment.advance(50)
    heartbeat.heard(true)
    await environment.advance(20_000)
    expect(lostAt).toBeUndefined()
  })

  test('is lost soon after the page stood still, where nothing came', async () => {
    await environment.advance(25_000)
    environment.standStill(60_000)
    await environment.advance(1_000)
    expect(lostAt).toBe(85_100)
  })

  test('is lost once, and keeps no timer then', async () => {
    await environment.advance(100_000)
    expect(asked).toHaveLength(1)
    expect(environment.pendingTimers).toBe(0)
    heartbeat.check()
    heartbeat.heard(true)
    expect(environment.pendingTimers).toBe(0)
  })

  test('asks no more once it is stopped', async () => {
    heartbeat.stop()
    await environment.advance(100_000)
    expect(asked).toEqual([])
    expect(lostAt).toBeUndefined()
  })
})

describe('C15 the latency', () => {
  test('is the time from the question to its answer', async () => {
    await environment.advance(25_000)
    await environment.advance(42)
    heartbeat.heard(true)
    expect(latencies).toEqual([42])
  })

  test('is asked for at once by whoever wants it, and nothing is lost without an answer', async () => {
    heartbeat.measure()
    expect(asked).toEqual([0])
    await environment.advance(24_000)
    expect(lostAt).toBeUndefined()
    heartbeat.heard(true)
    expect(latencies).toEqual([24_000])
  })

  test('is told by an answer that comes behind other messages', async () => {
    await environment.advance(25_010)
    heartbeat.heard(false)
    await environment.advance(20)
    heartbeat.heard(true)
    heartbeat.heard(true)
    expect(latencies).toEqual([30])
  })

  test('may be what stops the heartbeat: then nothing is asked, lost or left waiting', async () => {
    heartbeat.stop()
    const stopping = new Heartbeat({
      environment,
      ask: () => asked.push(environment.now()),
      onLatency: () => stopping.stop(),
      onLost: () => {
        lostAt = environment.now()
      },
    })
    await environment.advance(25_000)
    stopping.heard(true)
    expect(environment.pendingTimers).toBe(0)
    await environment.advance(100_000)
    expect(asked).toEqual([25_000])
    expect(lostAt).toBeUndefined()
  })

  test('is not told by what nobody asked for', () => {
    heartbeat.heard(true)
    expect(latencies).toEqual([])
  })
})
