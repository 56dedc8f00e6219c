import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LoadReport } from '../bench/load/load-report.js'
import { whyNoPacketLoss } from '../bench/load/packet-loss.js'
import { CommandSession } from '../test/command-session.js'
import { saySkipped } from '../test/say-skipped.js'

const small = ['--editors', '2', '--observers', '2', '--rate', '20', '--duration', '1']

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'cairn-bench-load-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** Standard error but for the samples that a load says once it has lasted ten seconds. */
function withoutSamples(stderr: string): string {
  return stderr.replace(/^cairn: \d+ s: .* delivered, .*\n/gm, '')
}

/** What the last load with `--out` left. */
async function readReport(): Promise<LoadReport> {
  return JSON.parse(await readFile(path.join(directory, 'load.json'), 'utf8'))
}

function load(...args: readonly string[]) {
  return new CommandSession().run('bench', 'load', ...small, ...args)
}

// Only a deadline: each of these is a load of its own, and takes seconds.
describe('cairn bench load', { timeout: 90_000 }, () => {
  test('loads a server of its own in two processes, and reports', async () => {
    const { code, stdout, stderr } = await load('--workers', '2', '--out', directory)
    expect({ code, stderr: withoutSamples(stderr) }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^delivered +\d+ of \d+$/m)
    expect(stdout).toMatch(/^edit to acknowledge +p50 /m)
    expect(stdout).toMatch(/^converged +yes, all 4$/m)
    expect(await readReport()).toMatchObject({ kind: 'load', converged: true, problems: [] })
    const html = await readFile(path.join(directory, 'load.html'), 'utf8')
    expect(html).toContain('Every replica converged')
  })

  test('fails where a limit is passed', async () => {
    const { code, stdout, stderr } = await load('--max-p99', '0')
    expect(code).toBe(1)
    expect(stdout).toContain('yes, all 4')
    expect(withoutSamples(stderr)).toMatch(
      /^cairn: p99 from edit to screen was .* at most 0 ms are asked/,
    )
  })

  test('puts every client behind a link', async () => {
    const { code, stdout } = await load('--link', 'satellite', '--out', directory)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^edit to screen +p50 /m)
    // 300 ms up and 300 ms down, give or take 30 each; the machine may add what it likes.
    expect((await readReport()).latency.delivery.p50).toBeGreaterThan(540)
  })

  test.each([
    [['--link', 'moon'], /expected a link class among lan, .*, got "moon"/],
    [['--mix', 'fly:1'], /expected kind:weight/],
    [['--slow-readers', '3'], /3 slow readers need as many observers, there are 2/],
    [
      ['--packet-loss', '1', '--url', 'ws://127.0.0.1:1'],
      /--packet-loss needs a server of its own/,
    ],
  ])('refuses %j as a wrong command line', async (args, message) => {
    const { code, stderr } = await load(...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('loses packets where the machine can, and says why where not', async (context) => {
    const reason = await whyNoPacketLoss()
    if (reason !== undefined) {
      saySkipped('bench-load.test, packet loss', reason)
      context.skip(reason)
    }
    const { code, stdout, stderr } = await load('--packet-loss', '8')
    expect(code).toBe(0)
    expect(stdout).toContain('yes, all 4')
    expect(stderr).toMatch(/packet loss: [1-9]\d* packets dropped/)
  })
})
