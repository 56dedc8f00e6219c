import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { binaryFrame, closeFrame, pongFrame } from './client-frame.js'
import { WebSocketReader } from './web-socket-reader.js'

function collect(): { reader: WebSocketReader; seen: string[] } {
  const seen: string[] = []
  const reader = new WebSocketReader({
    message: (bytes, start, end) => seen.push(`message ${bytes.subarray(start, end).join(' ')}`),
    ping: (payload) => seen.push(`ping ${payload.join(' ')}`),
    close: (code) => seen.push(`close ${code}`),
  })
  return { reader, seen }
}

const stream = Uint8Array.of(
  ...[0x82, 3, 7, 8, 9],
  ...[0x89, 1, 42],
  ...[0x82, 126, 0, 2, 5, 6],
  ...[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, 4],
  ...[0x88, 2, 0x11, 0x9c],
)
const content = ['message 7 8 9', 'ping 42', 'message 5 6', 'message 4', 'close 4508']

describe('a WebSocket reader', () => {
  test('reads the same whether bytes come together or one by one', () => {
    const whole = collect()
    whole.reader.push(stream)
    expect(whole.seen).toEqual(content)
    const pieces = collect()
    for (const byte of stream) pieces.reader.push(Uint8Array.of(byte))
    expect(pieces.seen).toEqual(content)
  })

  test('reads a large message in pieces, and what stands before and behind it in the same piece', () => {
    const length = 3_000_000
    const payload = Uint8Array.from({ length }, (_, index) => index % 251)
    const header = Uint8Array.of(
      0x82,
      127,
      0,
      0,
      0,
      0,
      0,
      length >> 16,
      (length >> 8) & 255,
      length & 255,
    )
    const bytes = Buffer.concat([stream.subarray(0, 5), header, payload, stream])
    for (const size of [1_000, 65_536, 2_999_990, bytes.length]) {
      const seen: string[] = []
      let large: Uint8Array | undefined
      const reader = new WebSocketReader({
        message: (from, start, end) => {
          if (end - start === length) large = from.slice(start, end)
          else seen.push(`message ${from.subarray(start, end).join(' ')}`)
        },
        ping: (data) => seen.push(`ping ${data.join(' ')}`),
        close: (code) => seen.push(`close ${code}`),
      })
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
      expect(Buffer.compare(large ?? new Uint8Array(0), payload)).toBe(0)
      expect(seen).toEqual(['message 7 8 9', ...content])
    }
  })

  test('says 1005 for a close without a code', () => {
    const { reader, seen } = collect()
    reader.push(Uint8Array.of(0x88, 0))
    expect(seen).toEqual(['close 1005'])
  })

  test.each([
    ['a fragment', [0x02, 0]],
    ['a mask', [0x82, 0x80]],
    ['text', [0x81, 0]],
    ['compression', [0xc2, 0]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => collect().reader.push(Uint8Array.from(bytes))).toThrow(/expected/)
  })
})

describe('client frames', () => {
  test.each([0, 125, 126, 65_535, 65_536])('of %i bytes are read by ws', async (length) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    try {
      await once(server, 'listening')
      const address = server.address()
      if (typeof address !== 'object' || address === null) throw new Error('no address')
      const socket = connect(address.port, '127.0.0.1')
      socket.resume()
      const connected = once(server, 'connection')
      socket.write(
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
      const [peer] = await connected
      const payload = Uint8Array.from({ length }, (_, index) => index % 251)
      const message = once(peer, 'message')
      const pong = once(peer, 'pong')
      const closed = once(peer, 'close')
      socket.write(binaryFrame(payload.subarray(0, length / 2), payload.subarray(length / 2)))
      expect(Uint8Array.from((await message)[0])).toEqual(payload)
      socket.write(pongFrame(Uint8Array.of(1, 2)))
      expect([...(await pong)[0]]).toEqual([1, 2])
      socket.write(closeFrame(1001))
      expect((await closed)[0]).toBe(1001)
      socket.destroy()
    } finally {
      server.close()
    }
  })
})
