import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProcess } from './run-process.js'

const marked = /<!-- example: ([\w-]+) -->\n```js\n([\s\S]*?)```/g
const examples = new Map(
  ['docs/SIMULATION.md', 'docs/LOAD.md'].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(marked)].map(
      ([, name = '', code = '']): readonly [string, string] => [name, code],
    ),
  ),
)

/** Inside the package, so that examples find what they import. */
const folder = path.resolve('dist', 'test', 'bench-examples')
let workFolder: string

beforeAll(() => {
  mkdirSync(folder, { recursive: true })
  for (const [name, code] of examples) {
    // How fast it is depends on the machine, and is not what this test is about.
    writeFileSync(path.join(folder, `${name}.mjs`), code.replace('maxP99: 2_000', 'maxP99: 20_000'))
  }
  workFolder = mkdtempSync(path.join(tmpdir(), 'cairn-bench-examples-'))
})

/** Ten failures are reduced, which is hundreds of runs. */
const reducingMs = 120_000

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(workFolder, { recursive: true, force: true })
})

test('the pages have the examples that they should', () => {
  expect([...examples.keys()]).toEqual(['todo-simulation', 'simulation', 'load', 'link'])
})

test.each(['simulation', 'load', 'link'])('the example "%s" passes as a test', async (name) => {
  const file = path.join(folder, `${name}.mjs`)
  const { code, stdout, stderr } = await runProcess(process.execPath, [file], { cwd: workFolder })
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/pass 1$/m)
})

test(
  'the example of a checker fails where the application breaks its rule',
  async () => {
    const source = examples.get('todo-simulation') ?? ''
    const line = "        doc.getArray('finished').push([todo])\n"
    expect(source).toContain(line)
    writeFileSync(path.join(folder, 'todo-simulation.mjs'), source.replace(line, ''))
    const file = path.join(folder, 'simulation.mjs')
    const { code, stdout } = await runProcess(process.execPath, [file], { cwd: workFolder })
    expect(code).toBe(1)
    expect(stdout).toContain('what-is-done-is-listed')
    expect(readFileSync(path.join(workFolder, 'todo-report', 'simulate.html'), 'utf8')).toContain(
      'what-is-done-is-listed',
    )
  },
  reducingMs,
)
