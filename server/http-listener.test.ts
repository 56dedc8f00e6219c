import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { HttpListener } from './http-listener.js'
import { silentLogger } from './logger.js'

let http: HttpListener
let port: number
let socket: Socket
let answer: (() => void) | undefined
let environment: SimulatedEnvironment
/** What was logged as an error. */
let errors: unknown[]

beforeEach(async () => {
  answer = undefined
  environment = new SimulatedEnvironment()
  errors = []
  http = new HttpListener({
    environment,
    logger: { ...silentLogger, error: ({ error }) => errors.push(error) },
    isReady: () => true,
    onRequest: ({ url }, response) => {
      if (url !== '/slow') return false
      answer = () => response.end('at last')
      return true
    },
    onUpgrade: (_request, upgraded) => {
      upgraded.on('error', () => undefined).on('end', () => upgraded.end())
      upgraded.resume()
    },
  })
  const address = await http.listen({ port: 0, host: '127.0.0.1' })
  port = address.port
  socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
})

afterEach(async () => {
  socket.destroy()
  await http.stop()
})

/** Another answer on another connection: whatever the first one sent before has come. */
async function caughtUp(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect(await response.text()).toBe('ready\n')
}

/** The server of Node's that answers. */
async function nodeServer(): Promise<Server> {
  const channel = 'http.server.request.start'
  const servers: Server[] = []
  const note = (message: unknown): void => {
    servers.push((message as { readonly server: Server }).server)
  }
  subscribe(channel, note)
  await caughtUp()
  unsubscribe(channel, note)
  const [server] = servers
  if (server === undefined) throw new Error('nobody has answered')
  return server
}

describe('a connection that cannot be taken', () => {
  test('ends nothing, and is told of', async () => {
    const server = await nodeServer()
    server.emit('error', new Error('accept EMFILE'))
    await caughtUp()
    expect(errors).toEqual(['accept EMFILE'])
  })

  test('is told of once in a while, however often it is tried', async () => {
    const server = await nodeServer()
    for (let second = 0; second < 15; second++) {
      for (let i = 0; i < 100; i++) server.emit('error', new Error(`at ${second}`))
      await environment.advance(1_000)
    }
    expect(errors).toEqual(['at 0', 'at 10'])
  })
})

describe('a stop lets go at once', () => {
  test('of a connection that was never used', async () => {
    await caughtUp()
    await http.stop()
  })

  test('of a connection on which half a request came', async () => {
    socket.write('GET / HTTP/1.1\r\nHost: a')
    await caughtUp()
    await http.stop()
  })

  test('of a connection between two requests', async () => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
    await caughtUp()
    await http.stop()
  })
})

describe('a stop waits', () => {
  test('for an answer that is under way', async () => {
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await caughtUp()
    const stopped = http.stop()
    answer?.()
    const [text] = await once(socket, 'data')
    expect(String(text)).toContain('at last')
    http.dropResting()
    await stopped
  })

  test('for what came of an upgrade', async () => {
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
    await caughtUp()
    let isStopped = false
    const stopped = http.stop().then(() => {
      isStopped = true
    })
    const other = connect(port, '127.0.0.1')
    await once(other, 'error')
    expect(isStopped).toBe(false)
    socket.destroy()
    await stopped
  })
})
