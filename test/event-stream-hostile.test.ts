import { once } from 'node:events'
import { type ClientRequest, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from '../protocol/byte-writer.js'
import { encodePing, encodeSyncStep1, encodeUpdate } from '../protocol/codec.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import type { EventReader } from './event-reader.js'
import { EventStage } from './event-stage.js'
import { SkippingEnvironment } from './skipping-environment.js'
import { polled, waitFor } from './wait-for.js'

let stage: EventStage

afterEach(() => stage.stop())

/** Messages as the body of a POST. */
function bodyOf(...messages: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(16)
  for (const message of messages) writer.writeVarBytes(message)
  return writer.finish()
}

/** An update that inserts `text` as a new client. */
function updateOf(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return encodeUpdate(Y.encodeStateAsUpdate(doc))
}

function twoWay(name = 'notes'): Promise<EventReader> {
  return stage.reader(name, '?post=1').opened()
}

function headersOf(stream: EventReader, batch: number | string): Record<string, string> {
  return { 'cairn-connection': stream.secret, 'cairn-batch': String(batch) }
}

async function statusOf(
  stream: EventReader,
  batch: number | string,
  body?: Uint8Array,
): Promise<number> {
  return (await stage.post('notes', headersOf(stream, batch), body)).status
}

function acknowledged(stream: EventReader): number {
  return stream.messages.reduce(
    (count, message) => (message.type === 'acknowledge' ? message.count : count),
    0,
  )
}

async function expectClosed(stream: EventReader, code: number): Promise<void> {
  await stream.ended()
  expect(stream.close).toMatchObject({ code })
  await waitFor('the connection is gone', () => stage.cairn.connectionCount === 0, polled)
}

/** A POST of which only the head, and what the test writes, is sent. */
class UnfinishedPost {
  readonly request: ClientRequest
  status: number | undefined
  /** The HTTP connection is gone. */
  isClosed = false

  constructor(headers: Record<string, string>, contentLength: number) {
    this.request = request(`${stage.httpUrl}/documents/notes/messages`, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': contentLength },
    })
    this.request.on('socket', (socket) => {
      socket.once('close', () => {
        this.isClosed = true
      })
    })
    this.request.on('response', (response) => {
      this.status = response.statusCode
      response.resume()
    })
    this.request.on('error', () => undefined)
    this.request.flushHeaders()
  }

  async answered(): Promise<number | undefined> {
    await waitFor('the POST is answered', () => this.status !== undefined, polled)
    return this.status
  }
}

describe('a POST', () => {
  test('finds a stream by nothing but its secret and its document', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const garbage = ['', 'undefined', '__proto__', 'a'.repeat(8_000), stream.secret.slice(1)]
    for (const secret of garbage) {
      const headers = { 'cairn-connection': secret, 'cairn-batch': '1' }
      expect((await stage.post('notes', headers, bodyOf(updateOf('x')))).status).toBe(404)
    }
    expect((await stage.post('notes', { 'cairn-batch': '1' })).status).toBe(404)
    expect((await stage.post('other', headersOf(stream, 1))).status).toBe(404)
    expect(await statusOf(stream, 1)).toBe(204)
    expect(Buffer.from(stream.secret, 'base64url')).toHaveLength(18)
  })

  test('is not read, nor its connection kept, where it finds none', async () => {
    stage = await EventStage.start()
    const headers = { 'cairn-connection': 'garbage', 'cairn-batch': '1' }
    const posts = Array.from({ length: 500 }, () => new UnfinishedPost(headers, 1_000_000))
    await waitFor('all are refused', () => posts.every(({ status }) => status === 404), polled)
    await waitFor('all are cut off', () => posts.every(({ isClosed }) => isClosed), polled)
  })

  test('finds nothing once the stream is gone', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const { secret } = stream
    stream.destroy()
    await waitFor('the connection is gone', () => stage.cairn.connectionCount === 0, polled)
    const headers = { 'cairn-connection': secret, 'cairn-batch': '1' }
    expect((await stage.post('notes', headers)).status).toBe(404)
  })

  test('is taken once, however often it comes', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const first = bodyOf(encodeSyncStep1(Uint8Array.of(0)), updateOf('one'))
    for (let i = 0; i < 3; i++) expect(await statusOf(stream, 1, first)).toBe(204)
    expect(await statusOf(stream, 2, bodyOf(updateOf('two')))).toBe(204)
    expect(await statusOf(stream, 1, first)).toBe(204)
    await stream.until('both acknowledgements', () => acknowledged(stream) === 2)
    expect(stream.messages.filter(({ type }) => type === 'sync-step-2')).toHaveLength(1)
  })

  test('is refused where one before it is missing, or its number is none', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    expect(await statusOf(stream, 2, bodyOf(updateOf('x')))).toBe(409)
    for (const batch of ['0', '-1', '1.5', '01', '1e3', 'x', '9'.repeat(20)]) {
      expect(await statusOf(stream, batch, bodyOf(updateOf('x')))).toBe(400)
    }
    const headers = { ...headersOf(stream, 1), 'cairn-close': '4400' }
    expect((await stage.post('notes', headers)).status).toBe(400)
    expect(await statusOf(stream, 1, bodyOf(updateOf('y')))).toBe(204)
    const doc = await stage.cairn.read('notes')
    expect(doc.getText('text').toString()).toBe('y')
  })

  test('that breaks off is none, and may come again', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const post = new UnfinishedPost(headersOf(stream, 1), 1_000)
    post.request.write(Buffer.alloc(500))
    await waitFor('it is on its way', () => (post.request.socket?.bytesWritten ?? 0) > 500, polled)
    post.request.destroy()
    expect(await statusOf(stream, 1, bodyOf(updateOf('whole')))).toBe(204)
    expect(stream.isEnded).toBe(false)
  })

  test('ends its connection with 4400 where it is not messages, and takes none of them', async () => {
    stage = await EventStage.start()
    for (const tail of [Uint8Array.of(5, 1), Uint8Array.of(0x80), Uint8Array.of(0xff)]) {
      const stream = await twoWay()
      const body = Buffer.concat([bodyOf(updateOf('x')), tail])
      expect(await statusOf(stream, 1, body)).toBe(400)
      await expectClosed(stream, 4400)
    }
    const doc = await stage.cairn.read('notes')
    expect(doc.getText('text').toString()).toBe('')
  })

  test('ends its connection with 4400 where one of its messages is malformed', async () => {
    stage = await EventStage.start()
    for (const message of [new Uint8Array(0), Uint8Array.of(0, 9, 0), Uint8Array.of(0, 2, 1, 7)]) {
      const stream = await twoWay()
      expect(await statusOf(stream, 1, bodyOf(message))).toBe(400)
      await expectClosed(stream, 4400)
    }
  })

  test('ends its connection with 4413 where a message is too large, before it is read whole', async () => {
    stage = await EventStage.start({ limits: { updateBytes: 10_000 } })
    const stream = await twoWay()
    expect(await statusOf(stream, 1, bodyOf(new Uint8Array(12_000)))).toBe(413)
    await expectClosed(stream, 4413)
    const other = await twoWay()
    const post = new UnfinishedPost(headersOf(other, 1), 2_000_000)
    expect(await post.answered()).toBe(413)
    await expectClosed(other, 4413)
  })

  test('may hold many messages that are not too large by themselves', async () => {
    stage = await EventStage.start({ limits: { updateBytes: 10_000 } })
    const stream = await twoWay()
    const messages = Array.from({ length: 100 }, () => encodePing(new Uint8Array(9_000)))
    expect(await statusOf(stream, 1, bodyOf(...messages))).toBe(204)
    await stream.until(
      'all answers',
      () => stream.messages.filter(({ type }) => type === 'pong').length === 100,
    )
  })

  test('keeps one other waiting, and no more', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const body = bodyOf(updateOf('first'))
    const first = new UnfinishedPost(headersOf(stream, 1), body.byteLength)
    first.request.write(body.subarray(0, 1))
    const others = Array.from({ length: 100 }, () => new UnfinishedPost(headersOf(stream, 2), 1))
    const refused = () => others.filter(({ status }) => status === 409).length
    await waitFor('all but one are refused', () => refused() === 99, polled)
    first.request.end(body.subarray(1))
    expect(await first.answered()).toBe(204)
    const waiting = others.find(({ status }) => status === undefined)
    waiting?.request.end(Uint8Array.of(0))
    // A message of no bytes is malformed, so the body was read after the one before it.
    expect(await waiting?.answered()).toBe(400)
    const doc = await stage.cairn.read('notes')
    expect(doc.getText('text').toString()).toBe('first')
    for (const { request: unfinished } of others) unfinished.destroy()
  })

  test('that arrived whole holds up nobody where its client goes before its turn', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const arrived: IncomingMessage[] = []
    const http = createServer((message, response) => {
      arrived.push(message)
      stage.cairn.handleRequest(message, response)
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const body = bodyOf(updateOf('x'))
    const unfinished = (batch: number): ClientRequest => {
      const headers = { ...headersOf(stream, batch), 'content-length': body.byteLength }
      const options = { port, path: '/documents/notes/messages', method: 'POST', agent: false }
      return request({ ...options, headers }).on('error', () => undefined)
    }
    const [first, second] = [unfinished(1), unfinished(2)]
    first.write(body.subarray(0, 1))
    await waitFor('the first is under way', () => arrived.length === 1, polled)
    second.end(body)
    await waitFor('the second waits', () => arrived[1]?.complete === true, polled)
    second.destroy()
    await waitFor('its client is gone', () => arrived[1]?.destroyed === true, polled)
    first.end(body.subarray(1))
    await once(first, 'response')
    expect(await statusOf(stream, 2, body)).toBe(204)
    expect(stream.isEnded).toBe(false)
    http.close()
  })

  test('waits while its connection sends faster than it may', async () => {
    const limits = { connectionBytesPerSecond: 1_000, connectionBurstBytes: 10_000 }
    const environment = new SkippingEnvironment()
    stage = await EventStage.start({ limits, environment })
    const stream = await twoWay()
    const pings = Array.from({ length: 3 }, () => encodePing(new Uint8Array(9_000)))
    const first = stage.post('notes', headersOf(stream, 1), bodyOf(...pings))
    const answers = () => stream.messages.filter(({ type }) => type === 'pong').length
    await stream.until('an answer to the second', () => answers() === 2)
    const race = [first.then(() => 'answered'), stage.post('notes', {}).then(() => 'waiting')]
    expect(await Promise.race(race)).toBe('waiting')
    expect(answers()).toBe(2)
    environment.skip(10_000)
    await stream.until('the last answer', () => answers() === 3)
    environment.skip(10_000)
    expect((await first).status).toBe(204)
  })
})

describe('a server that closes', () => {
  test('waits neither for a POST that does not end nor for one that waits for it', async () => {
    stage = await EventStage.start()
    const stream = await twoWay()
    const posts = [1, 2].map((batch) => new UnfinishedPost(headersOf(stream, batch), 1_000))
    posts[0]?.request.write(Buffer.alloc(10))
    const third = new UnfinishedPost(headersOf(stream, 3), 1_000)
    expect(await third.answered()).toBe(409)
    const startedAt = systemEnvironment.now()
    await stage.close()
    expect(systemEnvironment.now() - startedAt).toBeLessThan(4_500)
    for (const post of posts) expect(await post.answered()).toBe(404)
    await expect(stream.ended()).resolves.toMatchObject({ close: { code: 1012 } })
  })
})

describe('an address', () => {
  test('is a document only where its name is one', async () => {
    stage = await EventStage.start()
    for (const name of ['', '%E0%A4%A', 'x'.repeat(1_001), '%ff']) {
      const reader = await stage.reader(name).ended()
      expect([reader.status, reader.text.split(':')[0]]).toEqual([400, 'INVALID_NAME'])
      expect((await stage.post(name, {})).status).toBe(400)
    }
    for (const path of ['/documents/events', '/documents/x/event', '/documents/', '/events']) {
      expect((await fetch(stage.httpUrl + path)).status).toBe(426)
    }
  })

  test('may hold anything that a name may, and puts nothing of it into headers', async () => {
    stage = await EventStage.start()
    const names = [
      'a/events',
      'x\r\nset-cookie: a=b\r\n\r\n',
      '__proto__',
      'ü/😀',
      '\0',
      'messages',
    ]
    for (const name of names) {
      await stage.cairn.transact(name, (doc) => doc.getText('text').insert(0, name))
      const reader = await stage.reader(encodeURIComponent(name)).synced()
      expect(reader.content).toBe(name)
      expect(reader.response?.headers['set-cookie']).toBeUndefined()
      reader.destroy()
    }
  })

  test('allows other origins what a client sends, and says which methods there are', async () => {
    stage = await EventStage.start()
    const allowed = { events: 'GET', messages: 'POST' }
    for (const [kind, method] of Object.entries(allowed)) {
      const url = `${stage.httpUrl}/documents/notes/${kind}`
      const preflight = await fetch(url, { method: 'OPTIONS' })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
      expect(preflight.headers.get('access-control-allow-methods')).toBe(method)
      expect(preflight.headers.get('access-control-allow-headers')?.split(', ')).toEqual(
        expect.arrayContaining([
          'authorization',
          'content-type',
          'cairn-connection',
          'cairn-batch',
        ]),
      )
      for (const other of ['PUT', 'DELETE', method === 'GET' ? 'POST' : 'GET', 'HEAD']) {
        const refused = await fetch(url, { method: other })
        expect([refused.status, refused.headers.get('allow')]).toEqual([405, `${method}, OPTIONS`])
        expect(refused.headers.get('access-control-allow-origin')).toBe('*')
      }
    }
    expect(stage.cairn.connectionCount).toBe(0)
  })
})

describe('a stream', () => {
  test('counts as a connection', async () => {
    stage = await EventStage.start({ limits: { connections: 1 } })
    const first = await stage.reader('notes').synced()
    const second = await stage.reader('notes').ended()
    expect(second.status).toBe(200)
    expect(second.events.map(({ type }) => type)).toEqual(['close'])
    expect(second.close).toMatchObject({ code: 4529 })
    expect(first.isEnded).toBe(false)
  })

  test('whose document is refused gives nobody a secret', async () => {
    stage = await EventStage.start({ authenticate: () => undefined })
    const reader = await stage.reader('notes', '?post=1').ended()
    expect(reader.status).toBe(401)
    expect(reader.text).not.toContain('connection"')
  })
})
