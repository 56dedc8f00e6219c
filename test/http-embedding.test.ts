import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { memoryStore } from '../persistence/index.js'
import { type CairnServer, createServer } from '../server/index.js'
import { EventEditor } from './event-editor.js'
import { StockClient } from './stock-client.js'

let cairn: CairnServer
const clients: StockClient[] = []
const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.provider.destroy()
  await cairn.close({ deadlineMs: 1_000 })
  for (const stop of stops.splice(0)) await stop()
})

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function expectSync(url: string): Promise<void> {
  const [alice, bob] = [new StockClient(url, 'notes'), new StockClient(url, 'notes')]
  clients.push(alice, bob)
  alice.doc.getText('text').insert(0, 'through a server of somebody else')
  await bob.has('through a server of somebody else')
}

describe('handleUpgrade', () => {
  test('serves documents beside the routes of an Express application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/documents/' })
    const app = express()
    app.get('/', (_request, response) => {
      response.send('the application')
    })
    const http = createHttpServer(app)
    http.on('upgrade', (request, socket, head) => {
      if (!cairn.handleUpgrade(request, socket, head)) socket.destroy()
    })
    const port = await listening(http)
    stops.push(() => http.close())
    await expectSync(`ws://127.0.0.1:${port}/documents`)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(await page.text()).toBe('the application')
  })

  test('serves documents beside the routes of a Fastify application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/documents/' })
    const app = Fastify()
    app.get('/', () => 'the application')
    app.server.on('upgrade', (request, socket, head) => {
      if (!cairn.handleUpgrade(request, socket, head)) socket.destroy()
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    stops.push(() => app.close())
    const { port } = app.server.address() as AddressInfo
    await expectSync(`ws://127.0.0.1:${port}/documents`)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(await page.text()).toBe('the application')
  })

  test('leaves other paths to the application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/documents/' })
    const http = createHttpServer()
    const refused: string[] = []
    http.on('upgrade', (request, socket, head) => {
      if (cairn.handleUpgrade(request, socket, head)) return
      refused.push(request.url ?? '')
      socket.destroy()
    })
    const port = await listening(http)
    stops.push(() => http.close())
    const socket = new WebSocket(`ws://127.0.0.1:${port}/elsewhere/notes`)
    await new Promise((resolve) => socket.once('error', resolve))
    expect(refused).toEqual(['/elsewhere/notes'])
    expect(cairn.connectionCount).toBe(0)
  })
})

/** Two who edit together, one of them without a WebSocket. */
async function expectEvents(url: string): Promise<void> {
  const alice = new EventEditor(url, 'notes')
  stops.push(() => alice.destroy())
  await alice.online()
  const bob = new StockClient(url, 'notes')
  clients.push(bob)
  bob.doc.getText('text').insert(0, 'through a server of somebody else')
  await alice.has('through a server of somebody else')
  alice.type(', and back')
  await bob.has('through a server of somebody else, and back')
}

describe('handleRequest', () => {
  test('serves event streams beside the routes of an Express application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/collaboration/' })
    const app = express()
    app.use((request, response, next) => {
      if (!cairn.handleRequest(request, response)) next()
    })
    app.use(express.json())
    app.get('/', (_request, response) => {
      response.send('the application')
    })
    const http = createHttpServer(app)
    http.on('upgrade', (request, socket, head) => cairn.handleUpgrade(request, socket, head))
    const port = await listening(http)
    stops.push(() => http.close())
    await expectEvents(`ws://127.0.0.1:${port}/collaboration`)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(await page.text()).toBe('the application')
  })

  test('serves event streams beside the routes of a Fastify application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/collaboration/' })
    const app = Fastify()
    app.addHook('onRequest', (request, reply, done) => {
      if (cairn.handleRequest(request.raw, reply.raw)) reply.hijack()
      else done()
    })
    app.get('/', () => 'the application')
    app.server.on('upgrade', (request, socket, head) => cairn.handleUpgrade(request, socket, head))
    await app.listen({ port: 0, host: '127.0.0.1' })
    stops.push(() => app.close())
    const { port } = app.server.address() as AddressInfo
    await expectEvents(`ws://127.0.0.1:${port}/collaboration`)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(await page.text()).toBe('the application')
  })

  test('leaves other paths to the application', async () => {
    cairn = createServer({ store: memoryStore(), path: '/collaboration/' })
    const http = createHttpServer((request, response) => {
      if (!cairn.handleRequest(request, response)) response.end('the application')
    })
    const port = await listening(http)
    stops.push(() => http.close())
    for (const path of ['/documents/notes/events', '/collaboration/notes', '/collaboration/']) {
      const page = await fetch(`http://127.0.0.1:${port}${path}`)
      expect(await page.text()).toBe('the application')
    }
    expect(cairn.connectionCount).toBe(0)
  })

  test('says so where something has read the body before', async () => {
    cairn = createServer({ store: memoryStore() })
    const app = express()
    app.use(express.raw())
    app.use((request, response, next) => {
      if (!cairn.handleRequest(request, response)) next()
    })
    const http = createHttpServer(app)
    const port = await listening(http)
    stops.push(() => http.close())
    const alice = new EventEditor(`ws://127.0.0.1:${port}`, 'notes')
    stops.push(() => alice.destroy())
    const { code, reason } = await alice.ended()
    expect(code).toBe(1011)
    expect(reason).toContain('the body was read before')
  })
})

describe('a server of its own', () => {
  test('answers /healthz, greets at / and says what a document address is for', async () => {
    cairn = createServer({ store: memoryStore() })
    const { port } = await cairn.listen({ port: 0 })
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return [response.status, await response.text()]
    }
    expect(await get('/healthz')).toEqual([200, 'ready\n'])
    expect((await get('/'))[0]).toBe(200)
    expect((await get('/some/document'))[0]).toBe(426)
  })

  test('accepts an address that names no document, and closes it with its code', async () => {
    cairn = createServer({ store: memoryStore() })
    const { port } = await cairn.listen({ port: 0 })
    for (const path of ['/', '/%E0%A4%A', `/${'x'.repeat(1_001)}`]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      const code = await new Promise((resolve) => socket.once('close', resolve))
      expect(code).toBe(4400)
    }
  })

  test('refuses a port that is taken', async () => {
    cairn = createServer({ store: memoryStore() })
    const other = createHttpServer()
    const port = await listening(other)
    stops.push(() => other.close())
    await expect(cairn.listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
