import { describe, expect, test } from 'vitest'
import { Latencies } from './latencies.js'
import { defaultPlan } from './load-plan.js'
import type { LoadReport } from './load-report.js'
import { passedThresholds } from './thresholds.js'

function reportOf(change: Partial<LoadReport>): LoadReport {
  const some = new Latencies()
  some.record(20)
  const [found, none] = [some.summary(), new Latencies().summary()]
  return {
    kind: 'load',
    title: '',
    server: '',
    link: undefined,
    packetLossPercent: 0,
    startedAt: '',
    machine: { processor: '', cores: 1, memoryBytes: 1, system: '', node: '', load: 0 },
    plan: { ...defaultPlan, trace: false },
    converged: true,
    problems: [],
    edits: 1,
    delivered: 1,
    expected: 1,
    elapsedMs: 1,
    deliveredPerSecond: 500,
    echoed: 0,
    repeated: 0,
    acknowledged: 0,
    rejected: 0,
    presenceSent: 0,
    presenceDelivered: 0,
    connections: 1,
    closes: [],
    bytesReceived: 0,
    bytesSent: 0,
    latency: {
      delivery: found,
      acknowledge: none,
      presence: none,
      reconnect: none,
      join: none,
      lateness: none,
    },
    curves: { delivery: [], acknowledge: [], presence: [], reconnect: [], join: [], lateness: [] },
    samples: [],
    clients: [],
    serverFigures: undefined,
    loadCpuShare: 0,
    loadCpuUsPerDelivery: 0,
    ...change,
  }
}

const server = {
  cpuMs: 1,
  cpuShare: 0.1,
  cpuUsPerDelivery: 12.5,
  residentBytesBefore: 0,
  residentBytesAfter: 0,
  peakResidentBytes: 104_857_600,
}

describe('the thresholds of a run', () => {
  test('are kept where every figure is within them', () => {
    const limits = { maxP99: 21, minRate: 500, maxCpu: 13, maxMemory: 100 }
    expect(passedThresholds(reportOf({ serverFigures: server }), limits)).toEqual([])
    expect(passedThresholds(reportOf({}), {})).toEqual([])
  })

  test.each([
    [{ maxP99: 19 }, /^p99 from edit to screen was 20\.\d+ ms, at most 19 ms are asked$/],
    [{ minRate: 501 }, /^500 deliveries\/s, at least 501 asked$/],
    [{ maxCpu: 12 }, /^server CPU a delivery was 12\.50 us/],
    [{ maxMemory: 99 }, /^peak memory of the server was 100\.00 MiB/],
  ])('say what is beyond them: %j', (limits, sentence) => {
    const found = passedThresholds(reportOf({ serverFigures: server }), limits)
    expect(found).toEqual([expect.stringMatching(sentence)])
  })

  test('are not kept by what was not measured', () => {
    const found = passedThresholds(reportOf({}), { maxAckP99: 10, maxCpu: 10, maxMemory: 10 })
    expect(found).toHaveLength(3)
    for (const sentence of found) expect(sentence).toContain('was not measured')
  })
})
