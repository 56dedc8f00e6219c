import { describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../../runtime/simulated-environment.js'
import { createToxic, type ToxicSpec } from '../simulator/toxics/toxic-spec.js'
import { ToxicPipe } from './toxic-pipe.js'

interface Arrival {
  readonly at: number
  readonly bytes: readonly number[]
}

function createPipe(...specs: readonly ToxicSpec[]) {
  const environment = new SimulatedEnvironment()
  const begin = environment.now()
  const arrivals: Arrival[] = []
  const events: string[] = []
  const pipe = new ToxicPipe({
    environment,
    write: (bytes) => arrivals.push({ at: environment.now() - begin, bytes: [...bytes] }),
    setPaused: (isPaused) => events.push(isPaused ? 'pause' : 'resume'),
    onSpent: () => events.push('spent'),
  })
  for (const spec of specs)
    pipe.add(
      spec,
      createToxic(spec, () => 0.5),
    )
  return { environment, pipe, arrivals, events }
}

describe('a pipe of toxics', () => {
  test('passes bytes on at once where it has none', async () => {
    const { pipe, arrivals } = createPipe()
    pipe.receive(Uint8Array.of(1, 2))
    expect(arrivals).toEqual([{ at: 0, bytes: [1, 2] }])
  })

  test('delays by the latency and keeps the order', async () => {
    const { environment, pipe, arrivals } = createPipe({ type: 'latency', latency: 40 })
    pipe.receive(Uint8Array.of(1))
    await environment.advance(10)
    pipe.receive(Uint8Array.of(2))
    await environment.advance(100)
    expect(arrivals.map(({ bytes }) => bytes)).toEqual([[1], [2]])
    expect(arrivals.map(({ at }) => Math.round(at))).toEqual([40, 50])
  })

  test('slices, and takes the time that the bandwidth asks for', async () => {
    const { environment, pipe, arrivals } = createPipe(
      { type: 'slicer', average_size: 10 },
      { type: 'bandwidth', rate: 1 },
    )
    pipe.receive(new Uint8Array(30))
    await environment.advance(100)
    expect(arrivals.map(({ bytes }) => bytes.length)).toEqual([10, 10, 10])
    expect(arrivals.map(({ at }) => Math.round(at))).toEqual([10, 20, 30])
  })

  test('holds while a timeout is there, and goes on when it is gone', async () => {
    const { environment, pipe, arrivals } = createPipe()
    const timeout: ToxicSpec = { type: 'timeout', timeout: 0 }
    pipe.add(
      timeout,
      createToxic(timeout, () => 0.5),
    )
    pipe.receive(Uint8Array.of(7))
    await environment.advance(60_000)
    expect(arrivals).toEqual([])
    pipe.remove(timeout)
    expect(arrivals).toEqual([{ at: 60_000, bytes: [7] }])
  })

  test('ends the connection when it has had its bytes', async () => {
    const { pipe, events } = createPipe({ type: 'limit_data', bytes: 5 })
    pipe.receive(new Uint8Array(5))
    pipe.receive(new Uint8Array(1))
    expect(events).toEqual(['spent'])
  })

  test('makes the source wait while much is on its way', async () => {
    const { environment, pipe, events } = createPipe({ type: 'latency', latency: 40 })
    pipe.receive(new Uint8Array(300_000))
    expect(events).toEqual(['pause'])
    await environment.advance(41)
    expect(events).toEqual(['pause', 'resume'])
  })

  test('lets a close wait for what is on its way, and for slow_close', async () => {
    const { pipe } = createPipe({ type: 'latency', latency: 40 })
    expect(pipe.closeDelayMs).toBe(0)
    pipe.receive(new Uint8Array(1))
    expect(pipe.closeDelayMs).toBe(40)
    const slow: ToxicSpec = { type: 'slow_close', delay: 3_000 }
    pipe.add(
      slow,
      createToxic(slow, () => 0.5),
    )
    expect(pipe.closeDelayMs).toBe(3_000)
  })
})
