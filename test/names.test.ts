import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportedText } from '../bench/exported-text.js'
import { ClientPool } from './client-pool.js'
import { LiveServer } from './live-server.js'
import { runProcess } from './run-process.js'

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))

/** Names as an application has them; those with ? # or % must be encoded by it, as in any URL. */
const names: readonly (readonly [title: string, name: string])[] = [
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['a/b c', 'a/b c'],
  ['an emoji', '👩‍👩‍👧'],
  ['1,000 bytes of ASCII', 'n'.repeat(1_000)],
  ['1,000 bytes of emoji', '😀'.repeat(250)],
  ['toString', 'toString'],
  ['what a URL is made of', '100%?a=b#c&d//e'],
  ['a line break and an escape', 'a\nb\u001b[31m'],
]

/** What y-websocket is given: as it is where that survives a URL, else encoded. */
function roomName(name: string): string {
  return /[?#%\n]/.test(name) ? encodeURIComponent(name) : name
}

function contentOf(name: string): string {
  return `content of ${name.slice(0, 20)}`
}

let server: LiveServer

beforeAll(async () => {
  server = await LiveServer.start()
})

afterAll(async () => {
  await server.destroy()
})

/** Documents are kept through a restart, so everything is written before it and read after it. */
describe('names of documents', () => {
  test('are no matter for two stock clients', async () => {
    for (const [, name] of names) {
      const pool = new ClientPool(server)
      const a = await pool.stock(roomName(name)).online()
      const b = await pool.stock(roomName(name), { version: '1.5.4' }).online()
      a.type(contentOf(name))
      await b.has(contentOf(name))
      pool.destroy()
    }
  })

  test('are as many documents, and survive a restart', async () => {
    await server.restart()
    for (const [title, name] of names) {
      const pool = new ClientPool(server)
      const stock = await pool.stock(roomName(name)).online()
      expect(stock.text, title).toBe(contentOf(name))
      pool.destroy()
    }
  })

  test('are the same for the embedding program', async () => {
    for (const [title, name] of names) {
      const doc = await server.cairn.read(name)
      expect(doc.getText('text').toString(), title).toBe(contentOf(name))
      doc.destroy()
    }
  })

  test('are the same for the command line', async () => {
    await server.stop()
    const args = ['documents', 'list', '--json', '--data', server.dataDirectory]
    const { code, stdout } = await runProcess(process.execPath, [command, ...args])
    expect(code).toBe(0)
    for (const [title, name] of names) {
      expect(stdout, title).toContain(JSON.stringify(name))
      expect(await exportedText(server.dataDirectory, name), title).toBe(contentOf(name))
    }
    await server.restart()
  })

  test('are refused above 1,000 bytes, and when they are not UTF-8', async () => {
    const pool = new ClientPool(server)
    const tooLong = await pool.raw('n'.repeat(1_001)).closed
    expect(tooLong).toMatchObject({ code: 4400, reason: expect.stringContaining('INVALID_NAME') })
    const stock = pool.stock('%ff%fe')
    await stock.gaveUp()
    expect(stock.finalCode).toBe(4400)
    pool.destroy()
  })
})
