import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { whyNoPacketLoss } from '../bench/load/packet-loss.js'
import { collectExamples } from './collect-examples.js'
import { LiveServer } from './live-server.js'
import { runProcess } from './run-process.js'
import { saySkipped } from './say-skipped.js'

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const examples = await collectExamples(['bench'])

/**
 * What is put behind an example so that it takes a second or two and not minutes, and holds on a
 * machine that does other things too. The last of two options of a name counts.
 */
const shortened: readonly (readonly [RegExp, string])[] = [
  [/^cairn bench load(?!.*--help)/, '--duration 1'],
  [/^cairn bench load.* --self-test/, '--duration 0.3'],
  [/^cairn bench load(?!.*(--help|--self-test))/, '--ramp 0 --rate 5'],
  [/^cairn bench load.* --documents 200/, '--documents 10'],
  [/ --blast /, '--blast 20'],
  [/^cairn bench load.* --max-p99 /, '--max-p99 20000'],
  [/^cairn bench simulate(?!.* --seed )/, '--seeds 1..4'],
  [/^cairn bench trace (?!.*\.json)/, '--transactions 60'],
  [/^cairn bench trace (?!.*--url)/, '--kills 1'],
  // The other servers would have to be installed.
  [
    /^cairn bench peers/,
    '--only fan-out --peers relay --rounds 1 --seconds 0.5 --results ./written.md',
  ],
]

const office = { upstream: [{ type: 'latency', latency: 5 }], outages: [] }
const trace = {
  startContent: '',
  endContent: 'trace',
  txns: [...'trace'].map((letter, at) => ({ patches: [[at, 0, letter]] })),
}

let base: string
let server: LiveServer

beforeAll(async () => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-bench-examples-'))
  const launcher = `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`
  fs.writeFileSync(path.join(base, 'cairn'), launcher, { mode: 0o755 })
  fs.writeFileSync(path.join(base, 'links.json'), JSON.stringify({ office }))
  for (const name of ['friendsforever', 'automerge-paper']) {
    fs.writeFileSync(path.join(base, `${name}.json.gz`), gzipSync(JSON.stringify(trace)))
  }
  server = await LiveServer.start()
})

afterAll(async () => {
  await server.destroy()
  fs.rmSync(base, { recursive: true, force: true })
})

test('every command of the bench has examples', () => {
  const commands = new Set(examples.map((example) => example.split(' ').slice(1, 3).join(' ')))
  expect([...commands].sort()).toEqual([
    'bench load',
    'bench peers',
    'bench simulate',
    'bench trace',
  ])
})

// They wait more than they work, so some run at a time.
test.concurrent.for(examples)('%s', { timeout: 90_000 }, async (example, { expect, skip }) => {
  const reason = example.includes('--packet-loss') ? await whyNoPacketLoss() : undefined
  if (reason !== undefined) {
    saySkipped(`the example "${example}"`, reason)
    skip(reason)
  }
  const added = shortened.filter(([pattern]) => pattern.test(example)).map(([, options]) => options)
  const line = [example.replace('ws://127.0.0.1:1234', server.url), ...added].join(' ')
  const PATH = `${base}${path.delimiter}${process.env.PATH ?? ''}`
  const env = { ...process.env, PATH }
  const { code, stdout, stderr } = await runProcess('sh', ['-c', line], { cwd: base, env })
  expect({ code, stderr: code === 0 ? '' : stderr }, line).toEqual({ code: 0, stderr: '' })
  expect(stdout).not.toBe('')
  const [, directory] = / --out (\S+)/.exec(line) ?? []
  if (directory === undefined) return
  const page = path.join(base, directory, `${line.split(' ')[2]}.html`)
  expect(fs.readFileSync(page, 'utf8')).toContain('<!doctype html>')
})
