import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { runProcess } from './run-process.js'
import { RunningCommand } from './running-command.js'
import { saySkipped } from './say-skipped.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const networkFailure =
  /\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ENETUNREACH|ETIMEDOUT|EPIPE|ERR_SOCKET_TIMEOUT|E429|E5\d\d)\b/

const manifest: { exports: Record<string, unknown> } = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
)
const entryPoints = Object.keys(manifest.exports)
  .filter((name) => name !== './package.json')
  .map((name) => path.posix.join('cairn-sync', name))

/** An empty project into which the packed package was installed. */
let project: string
let packedFiles: readonly string[]
let skipReason: string | undefined

beforeAll(async () => {
  project = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-package-')))
  // What is packed is what setup has built; its scripts would build again.
  const packed = await npm(
    root,
    'pack',
    '--ignore-scripts',
    '--json',
    '--pack-destination',
    project,
  )
  expect(packed.code, packed.stderr).toBe(0)
  const [{ filename, files }] = JSON.parse(packed.stdout)
  packedFiles = files.map((file: { path: string }) => file.path)
  fs.writeFileSync(path.join(project, 'package.json'), '{ "name": "empty", "private": true }')
  // A registry that does not answer is given up before this hook is.
  const patience = ['--prefer-offline', '--fetch-timeout=30000', '--fetch-retries=1']
  const installed = await npm(project, 'install', ...patience, path.join(project, filename))
  if (installed.code === 0) return
  if (!networkFailure.test(installed.stderr)) throw new Error(installed.stderr)
  skipReason = 'the npm registry cannot be reached, so the package cannot be installed'
  saySkipped('package.test', skipReason)
}, 180_000)

afterAll(() => {
  fs.rmSync(project, { recursive: true, force: true })
})

/** Runs npm as somebody would from a shell, without what an outer npm has set. */
function npm(cwd: string, ...args: string[]) {
  const kept = /^npm_config_(registry|cache|userconfig|globalconfig|cafile|https?_?proxy|noproxy)$/i
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || kept.test(name)),
  )
  return runProcess('npm', [...args, '--no-audit', '--no-fund'], { cwd, env })
}

function node(...args: string[]) {
  return runProcess(process.execPath, args, { cwd: project })
}

test('the package holds what runs, its types, and no sources, tests or notes of the build', () => {
  const allowed =
    /^(dist\/([a-z-]+\/)+[\w.-]+\.(js|d\.ts)(\.map)?|docs\/.+\.md|[A-Z]+(\.md)?|package\.json)$/
  expect(packedFiles.filter((file) => !allowed.test(file))).toEqual([])
  expect(packedFiles.filter((file) => /\.test\.|^dist\/test\//.test(file))).toEqual([])
  for (const file of ['LICENSE', 'CHANGELOG.md', 'dist/cli/main.js', 'dist/server/index.d.ts']) {
    expect(packedFiles).toContain(file)
  }
})

describe('installed into an empty project', () => {
  beforeEach((context) => {
    if (skipReason !== undefined) context.skip(skipReason)
  })

  test.each(entryPoints)('%s can be imported', async (entryPoint) => {
    const script = `console.log(Object.keys(await import('${entryPoint}')).length)`
    const { code, stdout, stderr } = await node('--input-type=module', '-e', script)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  test('the bench says what a simulation needs, and only when it is asked for one', async (context) => {
    const stock = await node('--input-type=module', '-e', "await import('y-websocket')")
    if (stock.code === 0) {
      const reason = 'y-websocket is installed in a folder above the project'
      saySkipped('package.test, a bench without y-websocket', reason)
      context.skip(reason)
    }
    const script = [
      "import { simulate } from 'cairn-sync/bench'",
      'console.log(await simulate(1).catch(({ message }) => message))',
    ]
    // A file, since threads do not take the option that makes a module of a text.
    fs.writeFileSync(path.join(project, 'simulates.mjs'), script.join('\n'))
    const { code, stdout, stderr } = await node('simulates.mjs')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'the bench needs the stock client: npm install y-websocket\n',
      stderr: '',
    })
  })

  test('there is one copy of Yjs', async () => {
    const { stdout } = await npm(project, 'ls', 'yjs', '--all', '--parseable')
    expect(new Set(stdout.trim().split('\n')).size).toBe(1)
  })

  test('the types resolve, and say what is wrong', async () => {
    const source = [
      "import { createServer, type CairnServer } from 'cairn-sync'",
      "import { levelStore, memoryStore } from 'cairn-sync/persistence'",
      "import { errorCatalogue } from 'cairn-sync/protocol'",
      "import { type Checker, loadServer, simulateSeeds } from 'cairn-sync/bench'",
      'const server: CairnServer = createServer({ store: memoryStore() })',
      "await server.transact('notes', (doc) => doc.getText('text').insert(0, 'hello'))",
      'await server.close({ deadlineMs: errorCatalogue.TIMEOUT.closeCode })',
      "levelStore('./data', { durability: 'none' })",
      "const checker: Checker = { invariant: 'mine', rested: ([client]) => client?.name }",
      'await simulateSeeds({ from: 1, to: 2, overrides: { edits: { type: 1 } } })',
      "export const [figure, name] = [(await loadServer('ws://h')).latency.delivery.p99, checker.invariant]",
    ]
    fs.writeFileSync(path.join(project, 'consumer.mts'), source.join('\n'))
    const config = {
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
        // The package's own declarations are checked too, and need nothing that it does not bring.
        skipLibCheck: false,
        types: ['node'],
        typeRoots: [path.join(root, 'node_modules', '@types')],
      },
      files: ['consumer.mts'],
    }
    fs.writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(config))
    const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = await node(compiler, '-p', '.', '--pretty', 'false')
    const problems = stdout
      .split('\n')
      .filter((line) => /^(consumer|node_modules.cairn)/.test(line))
    expect(problems).toEqual([expect.stringContaining('consumer.mts(8,24): error TS2322')])
  })

  test('the command shows its help, serves a client and stops', async () => {
    const help = await runProcess('npx', ['--no-install', 'cairn', '--help'], { cwd: project })
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('Usage: cairn')
    const command = path.join(project, 'node_modules', '.bin', 'cairn')
    const server = new RunningCommand(command, ['serve', '--port', '0'], { cwd: project })
    const line = await server.firstLine
    expect(line).toContain(`data ${path.join(project, 'data')}`)
    const [url = ''] = /ws:\/\/[^/]+/.exec(line) ?? []
    const socket = new WebSocket(`${url}/notes`)
    await once(socket, 'open')
    // Sync step 1 of an empty document; the answer is sync step 2, then the server's own step 1.
    socket.send(Uint8Array.of(0, 0, 1, 0))
    const [answer] = await once(socket, 'message')
    expect([...answer].slice(0, 2)).toEqual([0, 1])
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  })
})
