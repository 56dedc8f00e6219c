import { afterAll, describe, expect, test } from 'vitest'
import { systemEnvironment } from '../../runtime/system-environment.js'
import { type CampaignOptions, type CampaignProgress, runCampaign } from './campaign.js'
import { linkClasses } from './link-class.js'
import { mutants } from './mutants.js'
import type { SimulationOptions } from './simulation-options.js'
import { SimulationPool } from './simulation-pool.js'

const pool = new SimulationPool(2)
afterAll(() => pool.close())

function run(seed: number, overrides: Partial<SimulationOptions> = {}, mutant?: string) {
  return pool.run({ seed, overrides, linkClasses, mutant })
}

async function failuresOf(from: number, to: number): Promise<string[]> {
  const seeds = Array.from({ length: to - from + 1 }, (_unused, index) => from + index)
  const results = await Promise.all(seeds.map((seed) => run(seed)))
  return results.flatMap(({ seed, violation }) =>
    violation === undefined ? [] : [`seed ${seed}: ${violation.invariant}: ${violation.message}`],
  )
}

const mutantSeeds = 200
/** Only a deadline: most of this is work that takes seconds, more on a busy machine. */
const patient = { timeout: 120_000 }
const randomSeed = Math.floor(systemEnvironment.random() * 1_000_000_000)

describe('a simulation', patient, () => {
  test('goes well with seeds 1 to 30', async () => {
    expect(await failuresOf(1, 30)).toEqual([])
  })

  test(`goes well with thirty seeds from a random one, ${randomSeed}`, async () => {
    expect(await failuresOf(randomSeed, randomSeed + 29)).toEqual([])
  })

  test('is the same again for the same seed, in another thread and after other runs', async () => {
    const runs = await Promise.all([run(1), run(2), run(3), run(1), run(2), run(3)])
    const hashes = runs.map(({ hash }) => hash)
    expect(hashes.slice(3)).toEqual(hashes.slice(0, 3))
    expect(new Set(hashes).size).toBe(3)
  })
})

const quiet = {
  documents: 1,
  extendedEditors: 0,
  cairnEditors: 0,
  readers: 0,
  cairnReaders: 0,
  hostiles: 0,
  tokenLifeMs: 0,
  leaveEveryMs: 0,
  closesTwice: false,
  limits: {},
}
const typing = { type: 10, erase: 0, format: 0, map: 0, array: 0, xml: 0, undo: 0, paste: 0 }

describe('what a seed has found', patient, () => {
  test('10: an unloaded document does not spin while somebody is in grace', async () => {
    const { violation } = await run(10, {
      ...quiet,
      faultyMs: 4_227,
      editors: 1,
      links: ['train'],
      editEveryMs: 698,
      edits: typing,
      durability: 'fsync',
      isAuthenticated: true,
      faults: {},
      networkBytes: 65_536,
      graceMs: 10_000,
      timings: { unloadMs: 0 },
    })
    expect(violation).toBeUndefined()
  })

  test('1788: a document whose log a failed store has shut can be joined again', async () => {
    const { violation } = await run(1_788, {
      ...quiet,
      faultyMs: 22_251,
      documents: 2,
      editors: 2,
      links: ['lan'],
      editEveryMs: 645,
      edits: { ...typing, paste: 8 },
      durability: 'os',
      isAuthenticated: false,
      faults: { 'disk-full': 19_592 },
      networkBytes: 16_384,
      graceMs: 2_000,
      timings: {},
    })
    expect(violation).toBeUndefined()
  })

  test('21450: a server that drains opens no document for those who waited', async () => {
    const { violation } = await run(21_450, {
      ...quiet,
      faultyMs: 9_244,
      editors: 2,
      links: ['lan'],
      editEveryMs: 1_970,
      edits: { ...typing, xml: 2 },
      durability: 'os',
      isAuthenticated: false,
      faults: { restart: 7_156, 'disk-slow': 14_715 },
      networkBytes: 65_536,
      graceMs: 0,
      timings: {},
    })
    expect(violation).toBeUndefined()
  })

  test('204: a power cut that takes the lock too is noticed by those who say saved', async () => {
    const { violation } = await run(204, {
      ...quiet,
      faultyMs: 5_920,
      editors: 1,
      extendedEditors: 1,
      cairnEditors: 1,
      links: ['lan'],
      editEveryMs: 1_601,
      edits: typing,
      leaveEveryMs: 29_752,
      durability: 'os',
      isAuthenticated: false,
      faults: { 'power-cut': 9_271 },
      networkBytes: 262_144,
      graceMs: 2_000,
      timings: {},
    })
    expect(violation).toBeUndefined()
  })

  test('6065: a reader may have tidied up more than it can tell', async () => {
    const { violation } = await run(6_065, {
      ...quiet,
      faultyMs: 29_109,
      documents: 2,
      editors: 1,
      extendedEditors: 2,
      readers: 1,
      cairnEditors: 3,
      links: ['broadband', '4g', 'train'],
      editEveryMs: 832,
      edits: { ...typing, erase: 4, format: 2, array: 2, undo: 1 },
      durability: 'fsync',
      isAuthenticated: true,
      faults: {
        crash: 12_376,
        'disk-full': 23_046,
        'slow-reader': 11_732,
        'link-trouble': 23_327,
        'everybody-offline': 7_879,
      },
      networkBytes: 65_536,
      graceMs: 10_000,
      timings: {},
      limits: { syncIntervalMs: 300 },
    })
    expect(violation).toBeUndefined()
  })

  test('19862: who starts over after falling behind is told who has gone', async () => {
    const { violation } = await run(19_862, {
      ...quiet,
      faultyMs: 10_098,
      editors: 4,
      cairnEditors: 3,
      links: ['lan', '4g', 'train', 'hotel-wifi'],
      editEveryMs: 322,
      edits: { ...typing, erase: 4, map: 3, undo: 1, paste: 8 },
      leaveEveryMs: 16_498,
      durability: 'fsync',
      isAuthenticated: false,
      faults: {
        crash: 10_010,
        'disk-slow': 22_516,
        'read-error': 17_166,
        'server-clock-jump': 16_702,
        'client-clock-jump': 21_804,
      },
      networkBytes: 65_536,
      graceMs: 0,
      timings: {},
      limits: { syncIntervalMs: 50, connectionUncommittedBytes: 2_000 },
    })
    expect(violation).toBeUndefined()
  })

  test('220: a document that a power cut struck after its first write is not a deleted one', async () => {
    const { violation } = await run(220, {
      ...quiet,
      faultyMs: 1_471,
      editors: 3,
      cairnEditors: 1,
      links: ['lan'],
      editEveryMs: 1_994,
      edits: typing,
      durability: 'os',
      isAuthenticated: false,
      faults: { 'power-cut': 3_500 },
      networkBytes: 16_384,
      graceMs: 10_000,
      timings: {},
    })
    expect(violation).toBeUndefined()
  })

  test('1199: a stock reader may show other formats, since nobody takes what its Yjs tidies', async () => {
    const { violation } = await run(1_199, {
      ...quiet,
      faultyMs: 16_206,
      documents: 2,
      editors: 2,
      extendedEditors: 1,
      readers: 1,
      cairnEditors: 3,
      cairnReaders: 1,
      links: ['train'],
      editEveryMs: 386,
      edits: { ...typing, erase: 4, format: 2, xml: 2 },
      leaveEveryMs: 27_450,
      durability: 'os',
      isAuthenticated: true,
      faults: {
        restart: 8_506,
        'disk-slow': 12_535,
        'server-clock-jump': 5_717,
        'slow-reader': 22_065,
      },
      networkBytes: 65_536,
      graceMs: 2_000,
      timings: { unloadMs: 3_000 },
      limits: { syncIntervalMs: 0 },
    })
    expect(violation).toBeUndefined()
  })

  test('32930: an answer that was late is not held against a later question', async () => {
    const { violation } = await run(32_930, {
      ...quiet,
      faultyMs: 17_003,
      editors: 4,
      extendedEditors: 1,
      readers: 1,
      hostiles: 1,
      cairnEditors: 2,
      cairnReaders: 1,
      links: ['lossy-3g', 'hotel-wifi', 'satellite'],
      editEveryMs: 1_349,
      edits: { ...typing, erase: 4, map: 3, array: 2, undo: 1 },
      leaveEveryMs: 20_184,
      durability: 'fsync',
      isAuthenticated: true,
      faults: {
        restart: 14_783,
        'worker-kill': 23_661,
        'server-clock-jump': 14_525,
        'slow-reader': 13_389,
      },
      networkBytes: 65_536,
      graceMs: 0,
      timings: {},
    })
    expect(violation).toBeUndefined()
  })

  test('34399: what only an inspection has found on the disk may be lost to a power cut', async () => {
    const { violation } = await run(34_399, {
      ...quiet,
      faultyMs: 12_883,
      editors: 2,
      cairnEditors: 3,
      cairnReaders: 1,
      links: ['lan', 'broadband', 'satellite'],
      editEveryMs: 444,
      edits: { ...typing, erase: 4, format: 2, map: 3, array: 2, xml: 2, paste: 0.3 },
      durability: 'fsync',
      isAuthenticated: true,
      faults: {
        crash: 7_901,
        'power-cut': 10_565,
        'disk-error': 3_043,
        'disk-full': 4_021,
        'disk-slow': 6_738,
        'read-error': 10_859,
        'worker-kill': 21_150,
        'slow-reader': 10_341,
      },
      networkBytes: 4_096,
      graceMs: 10_000,
      timings: { unloadMs: 100 },
    })
    expect(violation).toBeUndefined()
  })
})

describe('a broken server, store or client', patient, () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant.what, mutant] as const))(
    '%s is caught: %s',
    async (name, _what, { caughtBy }) => {
      for (let seed = 1; seed <= mutantSeeds; seed++) {
        const { violation } = await run(seed, {}, name)
        if (violation === undefined) continue
        expect(caughtBy).toContain(violation.invariant)
        return
      }
      expect.fail(`not caught by the first ${mutantSeeds} seeds`)
    },
  )
})

describe('a campaign', patient, () => {
  const options: CampaignOptions = {
    from: 1,
    to: 4,
    jobs: 2,
    overrides: {},
    linkClasses,
    mutant: undefined,
    isShrinking: false,
    environment: systemEnvironment,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  }

  test('reports every seed once, in order, with the figures', async () => {
    const told: CampaignProgress[] = []
    const report = await runCampaign({ ...options, onProgress: (state) => told.push(state) })
    expect(report.runs.map(({ seed }) => seed)).toEqual([1, 2, 3, 4])
    expect(report).toMatchObject({ done: 4, of: 4, failures: 0, failed: [], jobs: 2 })
    expect(told.map(({ done }) => done)).toEqual([1, 2, 3, 4])
    expect(report.simulatedMs).toBeGreaterThan(10_000)
  })

  test('reduces what fails to something that fails the same way', async () => {
    const mutant = 'no-question-from-server'
    const report = await runCampaign({ ...options, to: 1, mutant, isShrinking: true })
    const [failure] = report.failed
    expect(failure?.result.tail.length).toBeGreaterThan(0)
    expect(failure?.shrunk?.result.violation?.invariant).toBe(failure?.result.violation?.invariant)
    const before = failure?.result.options.faultyMs ?? 0
    expect(failure?.shrunk?.result.options.faultyMs).toBeLessThan(before)
  })

  test('ends when it is stopped', async () => {
    const stop = new AbortController()
    const report = await runCampaign({
      ...options,
      to: 1_000_000,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    expect(report.done).toBeLessThan(5)
  })
})
