import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandSession } from '../test/command-session.js'

let base: string

beforeAll(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-simulate-'))
})

afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

function simulate(...args: readonly string[]) {
  return new CommandSession().run('bench', 'simulate', ...args)
}

describe('bench simulate', () => {
  test('tells of one seed, and the same the next time', async () => {
    const [first, second] = [await simulate('--seed', '3'), await simulate('--seed', '3')]
    expect(first.code).toBe(0)
    expect(first.stdout).toContain('seeds 3..3 on 1 thread: 1/1 seeds, 0 failed')
    const hashOf = (text: string) => /^hash [0-9a-f]{16}$/m.exec(text)?.[0]
    expect(hashOf(first.stdout)).toBeDefined()
    expect(hashOf(second.stdout)).toBe(hashOf(first.stdout))
  })

  test('says what failed, reduces it, and gives the command that fails again', async () => {
    // Honest clients are sent away where a document may have one only.
    const set = '{"limits":{"documentClients":1},"editors":3,"edits":{"type":1}}'
    const { code, stdout } = await simulate('--seed', '3', '--set', set, '--shrink')
    expect(code).toBe(1)
    expect(stdout).toContain('no-complaints: ')
    expect(stdout).toContain('"documentClients":1')
    expect(stdout).toContain('VIOLATION of no-complaints')
    const [, again = ''] = /--seed 3 --set '(.*)'$/m.exec(stdout) ?? []
    expect((await simulate('--seed', '3', '--set', again)).code).toBe(1)
  })

  test('gives the command that fails again without reducing too', async () => {
    const set = '{"limits":{"documentClients":1},"editors":3,"edits":{"type":1}}'
    const { stdout } = await simulate('--seed', '3', '--set', set)
    const [, again = ''] = /--seed 3 --set '(.*)'$/m.exec(stdout) ?? []
    expect((await simulate('--seed', '3', '--set', again)).code).toBe(1)
  })

  test('writes a report with every run, and takes link classes from a file', async () => {
    const classes = path.join(base, 'classes.json')
    fs.writeFileSync(classes, '{"ferry":{"upstream":[{"type":"latency","latency":300}]}}')
    const { code, stdout } = await simulate(
      ...['--seeds', '1..2', '--link-classes', classes, '--out', base],
      ...['--set', '{"links":["ferry"]}'],
    )
    expect(code).toBe(0)
    expect(stdout).toContain(path.join(base, 'simulate.html'))
    const report: unknown = JSON.parse(fs.readFileSync(path.join(base, 'simulate.json'), 'utf8'))
    expect(report).toMatchObject({ from: 1, to: 2, failures: 0, runs: [{ seed: 1 }, { seed: 2 }] })
  })

  test.each([
    [['--seed', '1', '--seeds', '1..2'], '--seed and --seeds exclude each other'],
    [['--seeds', '5..1'], 'Expected two whole numbers, as 1..500.'],
    [['--set', '{'], 'JSON'],
    [['--set', '{"editor":1}'], '--set: option editor is not known'],
    [['--link-classes', '/nowhere/classes.json'], '/nowhere/classes.json: ENOENT'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await simulate(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
