import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HttpListener } from './http-listener.js'

let http: HttpListener
let port: number
let socket: Socket
let answer: (() => void) | undefined

beforeEach(async () => {
  answer = undefined
  http = new HttpListener({
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
