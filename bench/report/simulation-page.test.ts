import { expect, test } from 'vitest'
import type { CampaignReport } from '../simulator/campaign.js'
import { simulate } from '../simulator/simulate.js'
import type { SimulationResult } from '../simulator/simulation-result.js'
import { simulationPage } from './simulation-page.js'

const run = await simulate(17, {
  overrides: {
    editors: 2,
    extendedEditors: 1,
    cairnEditors: 0,
    readers: 0,
    cairnReaders: 0,
    hostiles: 0,
    links: ['train'],
    faults: { crash: 2_000, 'disk-slow': 3_000, 'slow-reader': 2_000 },
  },
})

/** The report of a campaign that has come to this one run. */
function reportOf(shown: SimulationResult): CampaignReport {
  const failed = shown.violation === undefined ? [] : [{ result: shown, shrunk: undefined }]
  return {
    from: shown.seed,
    to: shown.seed,
    jobs: 1,
    done: 1,
    of: 1,
    failures: failed.length,
    seedsPerMinute: 60,
    simulatedSecondsPerSecond: 30,
    realMs: 1_000,
    simulatedMs: shown.simulatedMs,
    events: shown.events,
    checkShare: 0.1,
    edits: shown.edits,
    serverStarts: shown.serverStarts,
    faults: { crash: 3 },
    restMs: { median: 10, max: 10 },
    runs: [shown],
    failed,
    shown,
  }
}

test('every machine and every client has a lane', () => {
  const names = simulationPage(reportOf(run)).lanes.map(({ name }) => name)
  expect(names).toEqual(['server', 'disk', 'editor 0', 'editor 1', 'extended 0'])
})

test('a lane says when somebody was there and what went wrong meanwhile', () => {
  const { lanes } = simulationPage(reportOf(run))
  const [server, , editor] = lanes
  const lives = server?.spans.filter(({ isGround }) => isGround) ?? []
  expect(lives.length).toBe(run.serverStarts)
  expect(server?.spans.some(({ label }) => label === 'crash')).toBe(true)
  expect(editor?.spans.some(({ label }) => label === 'connected')).toBe(true)
  // Tunnels, and somebody who does not read.
  expect(editor?.spans.some(({ color }) => color === 'orange')).toBe(true)
  for (const { spans } of lanes) {
    for (const { fromMs, toMs } of spans) expect(toMs).toBeGreaterThanOrEqual(fromMs)
  }
})

test('nothing is wrong with anybody after the heal', () => {
  const healedAt = run.healedAt ?? Number.NaN
  const troubles = simulationPage(reportOf(run))
    .lanes.flatMap(({ spans }) => spans)
    .filter(({ isGround }) => isGround !== true)
  expect(Math.max(...troubles.map(({ toMs }) => toMs))).toBeLessThanOrEqual(healedAt)
})

test('every client has its time of convergence, and the slowest is the first', () => {
  const [plot] = simulationPage(reportOf(run)).plots
  expect(plot?.title).toBe('Convergence of each client, seed 17')
  const values = plot?.series[0]?.values.map(Number) ?? []
  expect(values).toHaveLength(3)
  expect(values).toEqual([...values].sort((a, b) => b - a))
  const rest = (run.restedAt ?? 0) - (run.healedAt ?? 0)
  expect(values[0]).toBeLessThanOrEqual(rest)
})

test('a failure shows what was violated, when, and the last that happened', () => {
  const violation = { invariant: 'replicas-equal', at: 1_500, message: 'they differ\nin full' }
  const tail = [{ at: 1_400, what: 'editor 0 vanishes' }]
  const page = simulationPage(reportOf({ ...run, violation, tail }))
  expect(page.verdict).toEqual({ isGood: false, text: 'An invariant was violated' })
  expect(page.problems).toEqual(['Seed 17, replicas-equal: they differ'])
  expect(page.marks).toContainEqual({ atMs: 1_500, label: 'replicas-equal', color: 'red' })
  expect(page.log).toEqual([['1.400 s', 'editor 0 vanishes']])
})
