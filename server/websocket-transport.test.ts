import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { memoryStore } from '../persistence/memory-store.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import { createRandom } from '../runtime/seeded-random.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { polled, waitFor } from '../test/wait-for.js'
import { resolveOptions } from './options.js'
import { Upgrader } from './upgrader.js'

/** More than the buffers of two sockets hold: while nobody reads, its writing stays under way. */
const large = Uint8Array.from({ length: 16_000_000 }, noise())
const limits = { updateBytes: 1_000 }

let http: ReturnType<typeof createServer>
let client: WebSocket
/** What the client and the server have below their WebSockets. */
let network: Duplex
let taken: Duplex
let transport: MessageSocket
let received: Buffer[]
let pongs: string[]
let drains: number
let heard: string[]
let closed: [number, string][]

function noise(): () => number {
  const random = createRandom(1)
  return () => random() * 256
}

beforeEach(async () => {
  received = []
  pongs = []
  heard = []
  closed = []
  drains = 0
  const accepted = new Promise<MessageSocket>((resolve) => {
    const upgrader = new Upgrader(resolveOptions({ store: memoryStore(), limits }), resolve)
    http = createServer()
    http.on('upgrade', (request, stream, head) => {
      taken = stream
      upgrader.handle(request, stream, head)
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const port = typeof address === 'object' ? address?.port : undefined
  client = new WebSocket(`ws://127.0.0.1:${port}/notes`)
  client.on('upgrade', ({ socket }) => {
    network = socket
  })
  client.on('message', (data: Buffer) => received.push(data))
  client.on('pong', (data) => pongs.push(data.toString()))
  client.on('error', () => undefined)
  transport = await accepted
  transport.attach({
    onMessage: (message) => heard.push(Buffer.from(message).toString()),
    onTextMessage: () => undefined,
    onPong: () => undefined,
    onDrain: () => drains++,
    onClose: (code, reason) => closed.push([code, reason]),
  })
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
})

afterEach(() => {
  client.terminate()
  http.close()
})

function until(what: string, condition: () => boolean): Promise<void> {
  return waitFor(what, condition, polled)
}

function turn(): Promise<void> {
  return new Promise((resolve) => systemEnvironment.defer(resolve))
}

/** The server writes the large message to a client that reads nothing. */
function stuck(): void {
  client.pause()
  transport.send(new MessageBatch([large]))
}

/** Whatever the client sent before has reached the server. */
async function caughtUp(): Promise<void> {
  client.send(Buffer.from('mark'))
  await until('the mark is heard', () => heard.includes('mark'))
}

describe('a ping of the client', () => {
  test('is answered', async () => {
    client.ping('one')
    await until('a pong comes', () => pongs.length === 1)
    client.ping('two')
    await until('a pong comes', () => pongs.length === 2)
    expect(pongs).toEqual(['one', 'two'])
  })

  test('within a large message is answered behind it, and the message is whole', async () => {
    stuck()
    client.ping('within')
    await caughtUp()
    expect(transport.isDrained).toBe(false)
    client.resume()
    await until('a pong comes', () => pongs.length === 1)
    expect(pongs).toEqual(['within'])
    expect(received).toHaveLength(1)
    expect(Buffer.compare(received[0] ?? Buffer.of(), large)).toBe(0)
  })

  test('costs one answer however many wait, that of the last', async () => {
    stuck()
    for (let ping = 0; ping < 1_000; ping++) client.ping(`${ping}`)
    await caughtUp()
    client.resume()
    await until('a pong comes', () => pongs.length > 0)
    client.ping('after')
    await until('a pong comes', () => pongs.includes('after'))
    expect(pongs).toEqual(['999', 'after'])
  })

  test('is no drain that nobody awaited, and takes none away', async () => {
    stuck()
    client.ping()
    await caughtUp()
    client.resume()
    await until('a pong comes', () => pongs.length === 1)
    expect(drains).toBe(0)
    transport.awaitDrain()
    await until('it is drained', () => drains === 1)
  })
})

describe('a close within a large message', () => {
  test('that the server asks for cuts the connection', async () => {
    stuck()
    transport.close(4503, 'UNAVAILABLE: going')
    client.resume()
    const [code] = await once(client, 'close')
    expect(code).toBe(1006)
    expect(received).toEqual([])
  })

  test('for a message that is too large cuts it too', async () => {
    stuck()
    client.send(Buffer.alloc(100_000))
    await until('it is closed', () => closed.length === 1)
    expect(closed).toEqual([[1006, '']])
    client.resume()
    await once(client, 'close')
    expect(received).toEqual([])
  })

  test('that the client asks for ends it with its code', async () => {
    stuck()
    client.close(1000, 'bye')
    await until('it is closed', () => closed.length === 1)
    expect(closed).toEqual([[1000, 'bye']])
  })
})

describe('a client that closes its half and reads nothing', () => {
  beforeEach(async () => {
    client.pause()
    // One write that is under way, with nothing behind it.
    for (let sent = 0; transport.isDrained && sent < 1_000; sent++) {
      transport.send(new MessageBatch([large.subarray(0, 200_000)]))
      await turn()
    }
    expect(transport.isDrained).toBe(false)
    network.end()
    await once(taken, 'end')
  })

  test('does not stop the process where its drain is awaited', async () => {
    transport.awaitDrain()
    await turn()
    expect(drains).toBe(0)
  })

  test('is gone when the server closes', async () => {
    transport.close(4508, 'LAGGING: it takes nothing')
    await until('it is closed', () => closed.length === 1)
    expect(closed[0]?.[0]).toBe(1006)
  })
})

test('a message that is too large is closed with a code that clients take as final', async () => {
  client.send(Buffer.alloc(100_000))
  const [code] = await once(client, 'close')
  expect(code).toBe(4413)
})
