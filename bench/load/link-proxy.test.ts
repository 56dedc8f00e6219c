import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemEnvironment } from '../../runtime/system-environment.js'
import { type LinkClass, linkClasses } from '../simulator/link-class.js'
import { LinkProxy } from './link-proxy.js'

const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
})
let echoPort = 0
let proxy: LinkProxy | undefined

beforeEach(async () => {
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const address = echo.address()
  if (typeof address === 'object' && address !== null) echoPort = address.port
})

afterEach(() => {
  proxy?.close()
  proxy = undefined
  echo.close()
})

async function join(linkClass: LinkClass): Promise<Socket> {
  proxy = await LinkProxy.open({
    environment: systemEnvironment,
    linkClass,
    host: '127.0.0.1',
    port: echoPort,
    random: () => 0.5,
  })
  const socket = connect(proxy.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function closeOf(socket: Socket): Promise<'end' | 'error'> {
  return new Promise((resolve) => {
    socket.resume()
    socket.once('close', (hadError) => resolve(hadError ? 'error' : 'end'))
  })
}

describe('a link', () => {
  test('carries bytes both ways, and takes its latency twice', async () => {
    const toxics = [{ type: 'latency', latency: 20 }] as const
    const socket = await join({ upstream: toxics, downstream: toxics, outages: [] })
    const begin = systemEnvironment.now()
    socket.write('hello')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toBe('hello')
    expect(systemEnvironment.now() - begin).toBeGreaterThanOrEqual(39)
    socket.destroy()
  })

  test('passes on a close after what was sent before it, whatever the timers do', async () => {
    const { lan, broadband } = linkClasses
    if (lan === undefined || broadband === undefined) throw new Error('expected these classes')
    for (const linkClass of [broadband, ...Array.from({ length: 30 }, () => lan)]) {
      const socket = await join(linkClass)
      let received = 0
      socket.on('data', (chunk) => {
        received += chunk.length
      })
      socket.end(new Uint8Array(100_000))
      await closeOf(socket)
      expect(received).toBe(100_000)
      proxy?.close()
    }
  })

  test('resets a connection when its class says so', async () => {
    const reset = [{ type: 'reset_peer', timeout: 5 }] as const
    const socket = await join({ upstream: reset, downstream: [], outages: [] })
    expect(await closeOf(socket)).toBe('error')
  })

  test('refuses connections while it is down, and takes them once healed', async () => {
    const outages = [{ every: 0.01, lasts: 1e6, toxic: { type: 'down' } }] as const
    const first = await join({ upstream: [], downstream: [], outages })
    await closeOf(first)
    const second = connect(proxy?.port ?? 0, '127.0.0.1')
    second.on('error', () => undefined)
    await closeOf(second)
    proxy?.heal()
    const third = connect(proxy?.port ?? 0, '127.0.0.1')
    third.write('back')
    expect(String((await once(third, 'data'))[0])).toBe('back')
    third.destroy()
  })
})
