import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { LiveServer } from '../test/live-server.js'

let server: LiveServer
const tokens: (string | undefined)[] = []

beforeAll(async () => {
  server = await LiveServer.start({
    authenticate: ({ token }) => {
      tokens.push(token)
      return { id: 'ada', access: 'write' }
    },
  })
})

afterAll(() => server.destroy())

function subprotocol(token: string): string {
  return `cairn.token.${Buffer.from(token).toString('base64url')}`
}

describe('an upgrade with a token among its subprotocols', () => {
  test('hands it to authenticate, and selects the extension', async () => {
    const socket = new WebSocket(`${server.url}/notes`, [subprotocol('a.b.c'), 'cairn.v1'])
    const [hello] = await once(socket, 'message')
    expect(socket.protocol).toBe('cairn.v1')
    expect(hello[0]).toBe(100)
    expect(tokens.at(-1)).toBe('a.b.c')
    socket.terminate()
  })

  test('never selects the token, not even where it is all there is', async () => {
    const socket = new WebSocket(`${server.url}/notes`, ['other', subprotocol('t')])
    await once(socket, 'open')
    expect(socket.protocol).toBe('other')
    socket.terminate()
    const alone = new WebSocket(`${server.url}/notes`, [subprotocol('t')])
    // The client takes a server for broken that selects none of the subprotocols.
    alone.on('error', () => undefined)
    const [response] = await once(alone, 'upgrade')
    expect(response.headers['sec-websocket-protocol']).toBeUndefined()
    alone.terminate()
  })

  test('closes with 4401 where it is too long, and authenticate is not asked', async () => {
    const before = tokens.length
    const socket = new WebSocket(`${server.url}/notes`, [
      subprotocol('x'.repeat(8_193)),
      'cairn.v1',
    ])
    const [code, reason] = await once(socket, 'close')
    expect(code).toBe(4401)
    expect(String(reason)).toMatch(/^UNAUTHENTICATED: /)
    expect(tokens).toHaveLength(before)
  })
})
