import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { readBody } from './http-body.js'

const environment = new SimulatedEnvironment()
const sockets: Socket[] = []

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A request whose body the test sends. */
function request(headers: Record<string, string> = {}): IncomingMessage {
  const socket = new Socket()
  sockets.push(socket)
  const message = new IncomingMessage(socket)
  Object.assign(message.headers, headers)
  return message
}

function read(
  message: IncomingMessage,
  onProgress: () => void = () => undefined,
  maxBytes = 10_000,
) {
  const body = readBody(message, { environment, maxBytes, patienceMs: 1_000, onProgress })
  // Whoever awaits it later gets its rejection too.
  body.catch(() => undefined)
  return body
}

test('a body is read whole, and each part of it is a sign of life', async () => {
  const message = request()
  let parts = 0
  const body = read(message, () => parts++)
  for (const part of ['ab', 'c', 'de']) {
    message.push(part)
    await environment.settle()
  }
  message.push(null)
  expect(Buffer.from((await body) ?? []).toString()).toBe('abcde')
  expect(parts).toBe(3)
})

test('a body keeps none of its parts, however many they are, and no memory but its own', async () => {
  for (const headers of [{}, { 'content-length': '5000' }]) {
    const message = request(headers)
    const body = read(message)
    const part = Buffer.alloc(1)
    for (let i = 0; i < 5_000; i++) {
      part[0] = i
      message.push(part)
      // Flowing, a part is handed on when it comes; what is kept of it is overwritten by the next.
      if (i === 0) await environment.settle()
    }
    message.push(null)
    const bytes = await body
    expect(bytes).toEqual(Uint8Array.from({ length: 5_000 }, (_, i) => i))
    expect(bytes?.buffer.byteLength).toBe(5_000)
  }
})

test('a body that is announced and does not come reserves nothing', async () => {
  const gibibyte = 1_073_741_824
  const before = process.memoryUsage().arrayBuffers
  const message = request({ 'content-length': String(gibibyte) })
  let parts = 0
  void read(message, () => parts++, gibibyte)
  message.push('x')
  await environment.settle()
  expect(parts).toBe(1)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(gibibyte / 2)
})

test('a body that says it is too large is refused before it is read', async () => {
  const message = request({ 'content-length': '10001' })
  await expect(read(message)).rejects.toMatchObject({ code: 'TOO_LARGE' })
  expect(message.listenerCount('data')).toBe(0)
})

test('a body that becomes too large is read no further', async () => {
  const message = request()
  const body = read(message)
  message.push(Buffer.alloc(10_000))
  await environment.settle()
  message.push('x')
  await expect(body).rejects.toMatchObject({ code: 'TOO_LARGE' })
  expect(message.isPaused()).toBe(true)
})

test('a body that drips is given up, one that is only slow is not', async () => {
  const [dripping, slow] = [request(), request()]
  const given = read(dripping)
  const whole = read(slow)
  for (let second = 0; second < 2; second++) {
    dripping.push('x')
    slow.push(Buffer.alloc(4_096))
    await environment.advance(900)
  }
  await expect(given).rejects.toMatchObject({ code: 'TIMEOUT' })
  slow.push(null)
  await environment.settle()
  expect((await whole)?.byteLength).toBe(8_192)
})

test('a body whose client went away is none', async () => {
  const message = request()
  const body = read(message)
  message.push('ab')
  await environment.settle()
  message.destroy()
  expect(await body).toBeUndefined()
  expect(await read(message)).toBeUndefined()
})

test('a body whose client went away before it was asked for is none, though all of it came', async () => {
  const message = request()
  message.push('ab')
  message.push(null)
  message.complete = true
  message.destroy()
  await environment.settle()
  expect(await read(message)).toBeUndefined()
})

test('a body that somebody else has read is an error of the embedding program', async () => {
  const message = request()
  message.complete = true
  message.push(null)
  message.resume()
  await environment.settle()
  await expect(read(message)).rejects.toMatchObject({ code: 'INTERNAL' })
})
