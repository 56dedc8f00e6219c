import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  loadServer,
  openLink,
  passedThresholds,
  shrinkFailure,
  simulate,
  simulateSeeds,
} from '../bench/index.js'
import { LiveServer } from './live-server.js'
import { StockClient } from './stock-client.js'

const extension = new URL('./todo-extension.js', import.meta.url)
/** A run in which little else happens than what the application does. */
const calm = {
  faultyMs: 4_000,
  documents: 1,
  editors: 2,
  extendedEditors: 0,
  cairnEditors: 0,
  cairnReaders: 0,
  readers: 0,
  hostiles: 0,
  editEveryMs: 300,
  edits: {},
  faults: {},
  isAuthenticated: false,
} as const

let base: string

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'cairn-bench-export-'))
})

afterAll(() => rm(base, { recursive: true, force: true }))

describe('a simulation with what an application brings', () => {
  test("finds the application's mistake with its own edits and checker, and reduces it", async () => {
    const { failed } = await simulateSeeds({
      ...{ from: 1, to: 5, extension, shrink: true },
      overrides: { ...calm, editors: 6, links: ['satellite'] },
    })
    expect(failed.length).toBeGreaterThan(0)
    const [{ result, shrunk } = {}] = failed
    expect(result?.violation?.invariant).toBe('no-todo-twice')
    expect(shrunk?.result.violation?.message).toMatch(/ has todo \d+ twice$/)
    const { faultyMs = Number.NaN, editors = Number.NaN } = shrunk?.result.options ?? {}
    expect(faultyMs < calm.faultyMs || editors < 6).toBe(true)
  })

  test('has its clients among the others, and they converge', async () => {
    const overrides = { ...calm, editors: 0, links: ['lan'] }
    const result = await simulate(1, { extension, overrides })
    expect(result.violation).toBeUndefined()
    expect(result.convergence).toMatchObject([{ name: 'client 0', documentName: 'doc-0' }])
    expect(result.convergence[0]?.ms).toBeDefined()
    const [, lane] = result.lanes
    expect(lane?.spans.some(({ what }) => what === 'connected')).toBe(true)
  })

  test('is the same again for the same seed', async () => {
    const overrides = { ...calm, links: ['train'] }
    const [one, two] = [
      await simulate(7, { extension, overrides }),
      await simulate(7, { extension, overrides }),
    ]
    expect(one.hash).toBe(two.hash)
    expect((await simulate(7, { overrides })).hash).not.toBe(one.hash)
  })

  test.each([
    ['createCheckers', 'export const createCheckers = 1', 'a function that returns checkers'],
    ['edits', 'export const edits = { add: { weight: 1 } }', 'weight of 0 or more and apply()'],
    ['clients', 'export const clients = {}', 'a list of functions'],
  ])('says what is wrong with the export %s', async (name, source, message) => {
    const file = path.join(base, `${name}.mjs`)
    await writeFile(file, source)
    const url = pathToFileURL(file)
    await expect(simulate(1, { extension: url })).rejects.toThrow(message)
  })

  test('refuses options that are not known, and seeds that go backward', async () => {
    const overrides = { links: ['moon'] }
    await expect(simulate(1, { overrides })).rejects.toThrow(/option links: expected lan, .*"moon"/)
    await expect(simulateSeeds({ from: 5, to: 1 })).rejects.toThrow(RangeError)
  })

  test('does not reduce what did not fail', async () => {
    const fine = await simulate(1, { overrides: { ...calm, links: ['lan'] } })
    await expect(shrinkFailure(fine)).rejects.toThrow(/seed 1 did not fail/)
  })
})

describe('a load and a link in front of a live server', () => {
  let server: LiveServer
  beforeAll(async () => {
    server = await LiveServer.start()
  })
  afterAll(() => server.destroy())

  test('the load reports, over links too, and its thresholds are asked', async () => {
    const plan = { editors: 2, observers: 2, rate: 20, durationMs: 500, rampMs: 0 }
    const links = [
      { upstream: [{ type: 'latency', latency: 40 }], downstream: [], outages: [] },
    ] as const
    const report = await loadServer(server.url, { plan, links, pid: process.pid })
    expect(report).toMatchObject({ converged: true, problems: [], edits: 20, delivered: 60 })
    expect(report.latency.delivery.p50).toBeGreaterThan(39)
    expect(report.serverFigures?.peakResidentBytes).toBeGreaterThan(0)
    expect(passedThresholds(report, { maxP99: 1 })).toEqual([
      expect.stringMatching(/^p99 from edit to screen was .* at most 1 ms are asked$/),
    ])
  })

  test('a load that is stopped has not converged', async () => {
    const stop = new AbortController()
    const options = { signal: stop.signal, onSample: () => stop.abort() }
    const plan = { editors: 1, observers: 1, rate: 5, durationMs: 60_000 }
    const report = await loadServer(server.url, { plan, ...options })
    expect(report.converged).toBe(false)
    expect(report.problems).toContain('the run was stopped early')
  })

  test('a link is late in both directions and lets a client through', async () => {
    const link = await openLink(`${server.url}/`, { linkClass: 'satellite' })
    expect(link.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/)
    const near = new StockClient(server.url, 'linked')
    const far = new StockClient(link.url.slice(0, -1), 'linked')
    try {
      near.doc.getText('text').insert(0, 'over a satellite')
      await expect.poll(() => far.text, { timeout: 15_000 }).toBe('over a satellite')
    } finally {
      near.provider.destroy()
      far.provider.destroy()
      link.close()
    }
  })

  test.each([
    ['ws://127.0.0.1:1', 'moon', /expected a link class among lan, .*, got "moon"/],
    ['wss://127.0.0.1:1', 'lan', /links need a ws: or http: address/],
  ])('no link to %s of the class %s', async (url, linkClass, message) => {
    await expect(openLink(url, { linkClass })).rejects.toThrow(message)
  })
})
