import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findFreePort } from '../bench/free-port.js'
import { memoryStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { createServer } from '../server/index.js'
import { EventEditor } from './event-editor.js'
import { EventReader } from './event-reader.js'
import { LiveServer } from './live-server.js'
import { StockClient } from './stock-client.js'

const readme = readFileSync('README.md', 'utf8')
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** The code block that follows the mark, with another port. */
function example(name: string, port: number): string {
  const code = readme.match(new RegExp(`<!-- example: ${name} -->\\n\`\`\`js\\n([^]*?)\`\`\``))?.[1]
  if (code === undefined) throw new Error(`the README has no example "${name}"`)
  return code.replaceAll('1234', String(port))
}

interface Running {
  /** The first that it says. */
  readonly line: Promise<string>
  /** All that it has said. */
  readonly lines: readonly string[]
  stop(): void
}

/** Runs code as a file of this package, so that it finds what it imports; resolves with its lines. */
function run(name: string, code: string): Running {
  const folder = join('dist', 'test', 'readme-examples')
  mkdirSync(folder, { recursive: true })
  const file = join(process.cwd(), folder, `${name}-${process.pid}.mjs`)
  writeFileSync(file, code)
  const workFolder = mkdtempSync(join(tmpdir(), 'cairn-readme-'))
  const child = spawn(process.execPath, [file], { cwd: workFolder })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  cleanUps.push(async () => {
    child.kill()
    await exited
    rmSync(file)
    rmSync(workFolder, { recursive: true, force: true })
  })
  const lines: string[] = []
  child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')))
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()))
    let errors = ''
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString()
    })
    child.once('exit', (code_) => reject(new Error(`the example ended with ${code_}: ${errors}`)))
  })
  line.catch(() => undefined)
  return { line, lines, stop: () => child.kill() }
}

test('the client example of the README syncs with a server', async () => {
  const server = createServer({ store: memoryStore() })
  cleanUps.push(() => server.close({ deadlineMs: 1_000 }))
  const { port } = await server.listen({ port: 0 })
  const { line } = run('client', example('client', port))
  expect(await line).toBe('Hello from a client.')
  await expect
    .poll(async () => (await server.read('my-document')).getText('content').toString())
    .toBe('Hello from a client. ')
})

test('the example of the README with CairnProvider knows what is saved', async () => {
  const server = await LiveServer.start()
  cleanUps.push(() => server.destroy())
  const port = Number(new URL(server.url).port)
  const { lines } = run('saved', example('saved', port))
  await expect.poll(() => lines, { timeout: 15_000 }).toEqual(['false 1', 'true fsync'])
})

test('the embedding example of the README serves documents beside the application', async () => {
  const port = await findFreePort(systemEnvironment)
  run('embedding', example('embedding', port))
  const url = `ws://127.0.0.1:${port}/documents`
  const [alice, bob] = [new StockClient(url, 'notes'), new StockClient(url, 'notes')]
  cleanUps.push(
    () => alice.provider.destroy(),
    () => bob.provider.destroy(),
  )
  alice.doc.getText('text').insert(0, 'hello')
  await expect.poll(() => bob.text, { timeout: 15_000 }).toBe('hello')
  const page = await fetch(`http://127.0.0.1:${port}/`)
  expect(await page.text()).toBe('my application')
})

test('the events example of the README serves a document to whoever reads it', async () => {
  const port = await findFreePort(systemEnvironment)
  run('events', example('events', port))
  const url = `http://127.0.0.1:${port}`
  const answers = () => fetch(url).then((page) => page.text(), String)
  await expect.poll(answers, { timeout: 15_000 }).toBe('my application')
  const alice = new EventEditor(url, 'my-document')
  cleanUps.push(() => alice.destroy())
  await alice.online()
  const path = readme.match(/curl -N http:..127.0.0.1:1234(\S+)`/)?.[1]
  const reader = new EventReader(`${url}${path}`)
  cleanUps.push(() => reader.destroy())
  await reader.synced()
  alice.type('hello')
  await reader.has('hello')
})

test('the examples are as short as the README says they are', () => {
  const lines = (name: string) => example(name, 1234).trim().split('\n').length
  expect(lines('client')).toBeLessThanOrEqual(15)
  expect(lines('saved')).toBeLessThanOrEqual(15)
  expect(lines('embedding')).toBeLessThanOrEqual(10)
  expect(lines('events')).toBeLessThanOrEqual(10)
})
