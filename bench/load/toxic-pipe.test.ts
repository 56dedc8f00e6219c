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
    end: () => events.push(`end after ${arrivals.length} at ${environment.now() - begin}`),
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

  test('passes an end on at once where nothing is on its way', () => {
    const { pipe, events } = createPipe()
    pipe.end()
    expect(events).toEqual(['end after 0 at 0'])
  })

  test('lets an end follow the last byte', async () => {
    const { environment, pipe, events } = createPipe({ type: 'latency', latency: 40 })
    for (let piece = 0; piece < 10; piece++) {
      pipe.receive(new Uint8Array(1))
      await environment.advance(0.3)
    }
    pipe.end()
    await environment.advance(100)
    expect(events).toEqual(['end after 10 at 42.7'])
  })

  test('lets an end wait for slow_close', async () => {
    const { environment, pipe, events } = createPipe({ type: 'slow_close', delay: 3_000 })
    pipe.receive(new Uint8Array(1))
    pipe.end()
    await environment.advance(2_999)
    expect(events).toEqual([])
    await environment.advance(1)
    expect(events).toEqual(['end after 1 at 3000'])
  })

  test('holds an end while it holds the bytes before it', async () => {
    const { environment, pipe, events } = createPipe()
    const timeout: ToxicSpec = { type: 'timeout', timeout: 0 }
    const toxic = createToxic(timeout, () => 0.5)
    pipe.add(timeout, toxic)
    pipe.receive(Uint8Array.of(7))
    pipe.end()
    await environment.advance(60_000)
    expect(events).toEqual([])
    pipe.remove(timeout)
    expect(events).toEqual(['end after 1 at 60000'])
  })

  test('passes nothing on once it is stopped', async () => {
    const { environment, pipe, arrivals, events } = createPipe({ type: 'latency', latency: 40 })
    pipe.receive(Uint8Array.of(7))
    pipe.end()
    pipe.stop()
    await environment.advance(100)
    expect(arrivals).toEqual([])
    expect(events).toEqual([])
  })

  test('lets the source go on once it is stopped, and drops what comes', async () => {
    const { environment, pipe, arrivals, events } = createPipe({ type: 'latency', latency: 40 })
    pipe.receive(new Uint8Array(300_000))
    pipe.stop()
    expect(events).toEqual(['pause', 'resume'])
    pipe.receive(new Uint8Array(300_000))
    pipe.end()
    await environment.advance(100)
    expect(arrivals).toEqual([])
    expect(events).toEqual(['pause', 'resume'])
  })
})
