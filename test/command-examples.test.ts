import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { levelStore } from '../persistence/index.js'
import { collectExamples } from './collect-examples.js'
import { CommandSession } from './command-session.js'
import { runProcess } from './run-process.js'
import { RunningCommand } from './running-command.js'
import { makeTextUpdate, makeUpdate, storeDocuments } from './stored-documents.js'

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))
/** Those of `cairn bench` need a server and time, and have a test of their own. */
const examples = await collectExamples([], (words) => words !== 'bench')

let base: string

beforeAll(async () => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-examples-'))
  fs.mkdirSync(path.join(base, 'bin'))
  const launcher = `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`
  fs.writeFileSync(path.join(base, 'bin', 'cairn'), launcher, { mode: 0o755 })
  const data = path.join(base, 'work', 'data')
  fs.mkdirSync(data, { recursive: true })
  const titled = makeUpdate((doc) => {
    doc.getText('title').insert(0, 'T')
    doc.getText('body').insert(0, 'B')
  })
  const names = ['notes/a', 'notes/b', 'notes/c', '__proto__']
  await storeDocuments(levelStore(data), [
    ...names.map((name) => [name, makeTextUpdate('hello')] as const),
    ['a/b c', titled],
  ])
  for (const [format, file] of [
    ['update', 'notes.bin'],
    ['archive', 'notes.cairn'],
  ] as const) {
    const out = path.join(base, 'work', file)
    const args = ['export', 'notes/a', '--data', data, '--format', format, '--out', out]
    await new CommandSession().run('documents', ...args)
  }
})

afterAll(() => {
  fs.rmSync(base, { recursive: true, force: true })
})

test('there are examples for every command', () => {
  const commands = examples.map((example) => example.split(' ').slice(1, 3).join(' '))
  for (const name of ['list', 'show', 'export', 'import', 'delete', 'verify']) {
    expect(commands).toContain(`documents ${name}`)
  }
  expect(examples.some((example) => example.startsWith('cairn serve'))).toBe(true)
})

test.each(examples.filter((example) => !isServing(example)))('%s', async (example) => {
  const { code, stderr } = await runProcess('sh', ['-c', example], copyOfWork())
  expect({
    code,
    stderr: stderr.replace(/^cairn: (there are more|the document is).*\n/, ''),
  }).toEqual({ code: 0, stderr: '' })
})

test.each(examples.filter(isServing))('%s', async (example) => {
  // Any free port, since the one in the example may be taken on the machine of a test.
  const line = /--port/.test(example)
    ? example.replace(/--port \d+/, '--port 0')
    : `${example} --port 0`
  const server = new RunningCommand('sh', ['-c', `exec ${line}`], copyOfWork())
  expect(await server.firstLine).toMatch(/^cairn: serving ws:/)
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

function isServing(example: string): boolean {
  return example.startsWith('cairn serve') && !example.includes('--help')
}

function copyOfWork(): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = fs.mkdtempSync(path.join(base, 'copy-'))
  fs.cpSync(path.join(base, 'work'), cwd, { recursive: true })
  const PATH = `${path.join(base, 'bin')}${path.delimiter}${process.env.PATH ?? ''}`
  return { cwd, env: { ...process.env, PATH } }
}
