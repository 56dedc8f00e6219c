import { expect, test } from 'vitest'
import { Latencies } from './latencies.js'
import type { LoadSample } from './load-report.js'
import { SampleMerger } from './sample-merger.js'
import type { WorkerSample } from './worker-messages.js'

function sample(atMs: number, delivered: number, ...latencies: readonly number[]): WorkerSample {
  const recorded = new Latencies()
  for (const latency of latencies) recorded.record(latency)
  return {
    atMs,
    delivered,
    presenceDelivered: 2 * delivered,
    lag: 3,
    connected: 5,
    latency: recorded.encode(),
  }
}

function usageOf(...cpuMs: readonly number[]) {
  let read = 0
  return async () => ({
    cpuMs: cpuMs[read++] ?? 0,
    residentBytes: 1_000,
    peakResidentBytes: 2_000,
  })
}

test('the seconds of two processes become one, with the percentiles of all', async () => {
  const told: LoadSample[] = []
  const merger = new SampleMerger(2, usageOf(100, 600), (one) => told.push(one))
  merger.add(0, sample(1_000, 100, 1))
  merger.add(1, sample(1_000, 300, 9))
  merger.add(0, sample(2_000, 10, 1))
  merger.add(1, sample(2_000, 10, 1))
  const samples = await merger.finish()
  expect(told).toEqual(samples)
  expect(samples[0]).toMatchObject({
    deliveredPerSecond: 400,
    presencePerSecond: 800,
    lag: 6,
    connected: 10,
    serverCpu: undefined,
    residentBytes: 1_000,
  })
  expect(samples[0]?.p99).toBeCloseTo(9, 1)
  expect(samples[1]).toMatchObject({ deliveredPerSecond: 20, serverCpu: 0.5 })
})

test('a short rest at the end counts to the second before it', async () => {
  const merger = new SampleMerger(1, usageOf(100, 300, 420))
  merger.add(0, sample(1_000, 100))
  merger.add(0, sample(2_000, 100, 4))
  merger.add(0, sample(2_100, 10, 8))
  const samples = await merger.finish()
  expect(samples.map(({ atMs }) => atMs)).toEqual([1_000, 2_100])
  expect(samples[1]?.deliveredPerSecond).toBeCloseTo(100)
  expect(samples[1]?.serverCpu).toBeCloseTo(320 / 1_100)
  expect(samples[1]?.p99).toBeCloseTo(8, 1)
})
