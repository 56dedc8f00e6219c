import { beforeEach, describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { TimerWheel } from '../runtime/timer-wheel.js'
import { Heartbeat, type HeartbeatOptions } from './heartbeat.js'

const options = { heartbeatMs: 25_000, heartbeatTimeoutMs: 10_000, keepAliveMs: 0 }

let environment: SimulatedEnvironment
let heartbeat: Heartbeat
let pings: number[]
let lostAt: number | undefined
let socket: { ping(): void; isDrained: boolean; bufferedBytes: number }

beforeEach(() => start(options))

function start(timings: HeartbeatOptions): void {
  environment = new SimulatedEnvironment()
  pings = []
  lostAt = undefined
  socket = {
    ping: () => pings.push(environment.now()),
    isDrained: true,
    bufferedBytes: 0,
  }
  heartbeat = new Heartbeat(
    new TimerWheel(environment),
    timings,
    {
      socket,
      lastWroteAt: 0,
      keepAlive: () => undefined,
      onLost: () => {
        lostAt = environment.now()
      },
    },
    environment.now(),
  )
}

describe('the signs of life of a connection', () => {
  test('are asked for after silence, and missed when the timeout is over', async () => {
    await environment.advance(60_000)
    expect(pings).toEqual([25_000])
    expect(lostAt).toBe(35_000)
  })

  test('are anything that is heard', async () => {
    await environment.advance(34_999)
    heartbeat.heard(environment.now())
    await environment.advance(25_000)
    expect(lostAt).toBeUndefined()
  })

  test.each([60_000, 9_990])(
    'are read first where the process stood still for %i ms after it asked',
    async (standstillMs) => {
      await environment.advance(25_000)
      environment.standStill(standstillMs)
      await environment.advance(0)
      // The answer had come long ago, and is read now.
      heartbeat.heard(environment.now())
      await environment.advance(20_000)
      expect(lostAt).toBeUndefined()
    },
  )

  test('are missed soon after the process stood still, where none had come', async () => {
    await environment.advance(25_000)
    environment.standStill(60_000)
    await environment.advance(1_000)
    expect(lostAt).toBe(85_100)
  })

  test.each([100, 5_000, 25_000])(
    'are missed within %i ms and the timeout, whenever it fell silent',
    async (heartbeatMs) => {
      start({ ...options, heartbeatMs })
      for (const silentAfterMs of [1, 50, heartbeatMs]) {
        await environment.advance(heartbeatMs)
        heartbeat.heard(environment.now())
        await environment.advance(silentAfterMs)
        heartbeat.heard(environment.now())
      }
      const silentFrom = environment.now()
      await environment.advance(60_000)
      expect((lostAt ?? Number.POSITIVE_INFINITY) - silentFrom).toBeLessThanOrEqual(
        heartbeatMs + options.heartbeatTimeoutMs + 40,
      )
    },
  )

  test('are asked for no more once it is stopped', async () => {
    await environment.advance(25_000)
    heartbeat.stop()
    heartbeat.heard(environment.now())
    await environment.advance(100_000)
    expect(pings).toEqual([25_000])
    expect(lostAt).toBeUndefined()
    expect(environment.pendingTimers).toBe(0)
  })

  test('are that what waits to be written shrinks, where something waits', async () => {
    socket.isDrained = false
    socket.bufferedBytes = 1_000
    await environment.advance(34_000)
    socket.bufferedBytes = 500
    await environment.advance(9_000)
    expect(pings).toEqual([])
    expect(lostAt).toBeUndefined()
    await environment.advance(20_000)
    expect(lostAt).toBeDefined()
  })
})
