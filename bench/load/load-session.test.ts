import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemEnvironment } from '../../runtime/system-environment.js'
import { LiveServer } from '../../test/live-server.js'
import { Latencies } from './latencies.js'
import { defaultPlan, type LoadPlan } from './load-plan.js'
import { LoadSession } from './load-session.js'
import type { WorkerResult, WorkerSample } from './worker-messages.js'

const plan: LoadPlan = {
  ...defaultPlan,
  documents: 3,
  editors: 2,
  observers: 2,
  rate: 60,
  durationMs: 500,
  rampMs: 0,
  settleMs: 20_000,
}

let server: LiveServer
let samples: WorkerSample[]

beforeEach(async () => {
  server = await LiveServer.start()
  samples = []
})

afterEach(async () => {
  await server.destroy()
})

/** @param lateMs for how long the process stood still when the load should have begun */
async function run(change: Partial<LoadPlan>, lateMs = 0): Promise<WorkerResult> {
  const session = new LoadSession({
    environment: systemEnvironment,
    plan: { ...plan, ...change },
    target: {
      url: server.url,
      dialect: 'y-websocket',
      acknowledges: true,
      keepsDocuments: true,
    },
    worker: 0,
    links: [],
    onSample: (sample) => samples.push(sample),
  })
  await session.connect()
  return session.run(systemEnvironment.now() - lateMs)
}

function count(result: WorkerResult, kind: keyof WorkerResult['latencies']): number {
  const latencies = new Latencies()
  latencies.add(result.latencies[kind])
  return latencies.count
}

describe('a load session against a live server', () => {
  test('delivers and acknowledges every edit, and every replica is the same', async () => {
    const result = await run({ presenceRate: 20 })
    expect(result.problems).toEqual([])
    expect(result.edits).toBe(3 * 2 * 30)
    expect(result.delivered).toBe(result.edits * 3)
    expect(result.expected).toBe(result.delivered)
    expect(result.acknowledged).toBe(result.edits)
    expect(count(result, 'delivery')).toBe(result.delivered)
    expect(count(result, 'acknowledge')).toBe(result.edits)
    expect(result.presenceDelivered).toBeGreaterThan(0)
    expect(result.clients).toHaveLength(12)
    expect(samples.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(result.delivered)
  })

  test('sends as fast as it is taken where there is no rate', async () => {
    const result = await run({ documents: 1, rate: undefined, editsEach: 500 })
    expect(result.problems).toEqual([])
    expect(result.delivered).toBe(2 * 500 * 3)
  })

  // Storms are due after 167 and 333 ms, and all edits are after 500.
  test.each([
    ['', 0],
    [', where two storms are late', 400],
    [', where even the end is late', 600],
  ])('comes back after each storm, and has everything%s', async (_what, lateMs) => {
    const result = await run({ storms: 2 }, lateMs)
    expect(result.problems).toEqual([])
    expect(result.connections).toBe(12 * 3)
    expect(count(result, 'reconnect')).toBe(12 * 2)
    expect(result.closes).toEqual([])
  })

  test('says so where there was no time for every storm', async () => {
    const { problems } = await run({ storms: 2, settleMs: 0 }, 600)
    expect(problems).toContain('1 of 2 storms could be made')
  })

  test('catches up with readers that did not read', async () => {
    const result = await run({ slowReaders: 1 })
    expect(result.problems).toEqual([])
    expect(result.clients.filter(({ role }) => role === 'slow reader')).toHaveLength(3)
  })

  test('says who lacks what where the load does not converge', async () => {
    const part = await run({ documents: 1, workers: 2, settleMs: 100, witnesses: 0 })
    // The other process, which has the other editor, was never there.
    expect(part.problems[0]).toMatch(/^a client \(.*\) of load-1-0 lacks 30 edits$/)
  })
})
