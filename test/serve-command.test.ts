import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { loadStockProvider, StockLink } from '../bench/stock-provider.js'
import { CommandSession } from './command-session.js'
import { runProcess } from './run-process.js'
import { RunningCommand } from './running-command.js'

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))

let directory: string
let data: string
const running: RunningCommand[] = []
const links: StockLink[] = []

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-serve-'))
  data = path.join(directory, 'data')
})

afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const server of running.splice(0)) await server.stop('SIGKILL')
  fs.rmSync(directory, { recursive: true, force: true })
})

function cairn(...args: string[]) {
  return runProcess(process.execPath, [command, ...args])
}

async function serve(...args: string[]): Promise<{ server: RunningCommand; url: string }> {
  const server = new RunningCommand(process.execPath, [
    command,
    'serve',
    ...['--port', '0', '--data', data],
    ...args,
  ])
  running.push(server)
  const [url = ''] = /ws:\/\/[^/]+/.exec(await server.firstLine) ?? []
  return { server, url }
}

async function connect(url: string, name: string): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const link = new StockLink(await loadStockProvider(), url, name, doc)
  links.push(link)
  if (!link.isOnline) await new Promise<void>((resolve) => link.onChange(() => resolve()))
  return doc
}

/** Resolves when the text of the document is `text`. */
async function textIs(doc: Y.Doc, text: string): Promise<void> {
  while (doc.getText('text').toString() !== text) {
    await new Promise<void>((resolve) => doc.once('update', () => resolve()))
  }
}

describe('cairn serve', () => {
  test('says in one line where it serves and what it keeps', async () => {
    const { server } = await serve('--durability', 'os')
    const { code, stdout, stderr } = await server.stop()
    expect(stdout).toMatch(
      /^cairn: serving ws:\/\/127\.0\.0\.1:\d+\/<document name>, data (\S+), durability os\n$/,
    )
    expect(stdout).toContain(`data ${data}, `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('serves stock clients, and what they wrote is there after a stop', async () => {
    const { server, url } = await serve()
    const alice = await connect(url, 'a/b c')
    const bob = await connect(url, 'a/b c')
    const shown = textIs(bob, 'hello')
    alice.getText('text').insert(0, 'hello')
    await shown
    expect((await server.stop('SIGINT')).code).toBe(0)
    const names = await cairn('documents', 'list', '--data', data, '--json')
    const exported = await cairn('documents', 'export', 'a/b c', '--data', data, '--format', 'text')
    expect(JSON.parse(names.stdout)).toMatchObject({ next: null, documents: [{}] })
    expect(exported).toEqual({ code: 0, stdout: 'hello', stderr: '' })
  })

  test('keeps nothing with --durability memory', async () => {
    const { server } = await serve('--durability', 'memory')
    expect((await server.stop()).stdout).toContain(', durability memory: nothing is kept\n')
    expect(fs.existsSync(data)).toBe(false)
  })

  test('tells standing connections to come back when it is stopped', async () => {
    const { server, url } = await serve()
    const socket = new WebSocket(`${url}/notes`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    expect((await server.stop()).code).toBe(0)
    const [closeCode] = await closed
    expect(closeCode).toBe(1012)
  })

  test('says what to do where the port is in use', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const result = await cairn('serve', '--port', String(port), '--data', data)
    taken.close()
    expect(result).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `cairn: port ${port} of 127.0.0.1 is in use. ` +
        'Stop what uses it, or choose another with --port (0: any free one).\n',
    })
    const { server } = await serve()
    expect((await server.stop()).code).toBe(0)
  })

  test('says what to do where another server has the directory', async () => {
    const { server } = await serve()
    const second = await cairn('serve', '--port', '0', '--data', data)
    const listed = await cairn('documents', 'list', '--data', data)
    for (const { code, stdout, stderr } of [second, listed]) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(data)
      expect(stderr).toContain('Stop the server')
    }
    expect((await server.stop()).code).toBe(0)
  })

  test('refuses a damaged directory with what to do', async () => {
    const { server } = await serve()
    await server.stop()
    const database = path.join(data, 'db')
    fs.rmSync(path.join(database, 'CURRENT'))
    const { code, stdout, stderr } = await cairn('serve', '--port', '0', '--data', data)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(data)
    expect(stderr).toContain('`cairn documents verify --accept-loss`')
    expect(stderr).not.toContain('    at ')
  })

  test('refuses an address that is not of this machine', async () => {
    const result = await cairn('serve', '--port', '0', '--host', '192.0.2.1', '--data', data)
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('192.0.2.1 is no address of this machine')
  })

  test('stops in order inside another process too', async () => {
    let resolveReady: () => void = () => undefined
    const ready = new Promise<void>((resolve) => {
      resolveReady = resolve
    })
    const session = new CommandSession({ onOutput: resolveReady })
    const done = session.run('serve', '--port', '0', '--data', data)
    await ready
    session.signal('SIGTERM')
    session.signal('SIGTERM')
    expect(await done).toMatchObject({ code: 0, stderr: '' })
    expect(session.exits).toEqual([])
  })
})

describe('cairn', () => {
  test('ends quietly when the reader of its output goes away', async () => {
    const script = `"$0" "$1" documents list --help | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await runProcess('bash', ['-c', script, process.execPath, command])
    expect(stdout).toMatch(/^Usage: cairn documents list .*\n(0|141)\n$/)
    expect(stderr).toBe('')
  })

  test('says that its output could not be written', async () => {
    const script = '"$0" "$1" --version > /dev/full'
    const { code, stderr } = await runProcess('sh', ['-c', script, process.execPath, command])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^cairn: standard output: the disk is full.* \(ENOSPC\)\.\n$/)
  })

  test('prints its version, and help without a command', async () => {
    const { version } = JSON.parse(
      fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(await cairn('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    const help = await cairn()
    expect(help.code).toBe(2)
    expect(help.stderr).toContain('Usage: cairn')
  })
})
