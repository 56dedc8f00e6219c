import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from '../protocol/byte-writer.js'
import { encodePing, encodeUpdate } from '../protocol/codec.js'
import type { EventReader } from './event-reader.js'
import { EventStage } from './event-stage.js'
import { polled, waitFor } from './wait-for.js'

let stage: EventStage

afterEach(() => stage.stop())

const encoder = new TextEncoder()

/** Messages as a part of the body of a POST. */
function parts(...messages: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(16)
  for (const message of messages) writer.writeVarBytes(message)
  return writer.finish()
}

function ping(name: string): Uint8Array {
  return parts(encodePing(encoder.encode(name)))
}

/** A message that inserts `text` as a new client. */
function update(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return parts(encodeUpdate(Y.encodeStateAsUpdate(doc)))
}

/** So many of the shortest message that there is: a query for awareness. */
function queries(count: number): Uint8Array {
  return Buffer.alloc(count * 2, Uint8Array.of(1, 3))
}

async function post(stream: EventReader, batch: number, ...body: Uint8Array[]): Promise<number> {
  const headers = { 'cairn-connection': stream.secret, 'cairn-batch': String(batch) }
  return (await stage.post('notes', headers, Buffer.concat(body))).status
}

/** The pings that were answered, in order. */
function answered(stream: EventReader): string[] {
  return stream.messages.flatMap((message) =>
    message.type === 'pong' ? [Buffer.from(message.payload).toString()] : [],
  )
}

async function content(): Promise<string> {
  const doc = await stage.cairn.read('notes')
  return doc.getText('text').toString()
}

async function twoWay(): Promise<EventReader> {
  stage = await EventStage.start()
  return stage.reader('notes', '?post=1').opened()
}

describe('a POST of very many messages', () => {
  test('leaves others their turn while it is taken', async () => {
    const stream = await twoWay()
    const posted = post(stream, 1, ping('begun'), queries(1_000_000)).then(() => 'the POST')
    await stream.until('the first answer', () => answered(stream).length === 1)
    const other = fetch(`${stage.httpUrl}/healthz`).then(() => 'somebody else')
    expect(await Promise.race([posted, other])).toBe('somebody else')
    await posted
  })

  test('is answered once all of them are taken, and before the next POST', async () => {
    const stream = await twoWay()
    const first = post(stream, 1, ping('begun'), queries(1_000_000), ping('done'))
    await stream.until('the first answer', () => answered(stream).length === 1)
    const second = post(stream, 2, ping('next'))
    expect(await first).toBe(204)
    // What was sent before by another connection comes before the answer to this.
    await fetch(`${stage.httpUrl}/healthz`)
    expect(answered(stream).slice(0, 2)).toEqual(['begun', 'done'])
    expect(await second).toBe(204)
    await stream.until('all answers', () => answered(stream).length === 3)
    expect(answered(stream)).toEqual(['begun', 'done', 'next'])
  })

  test('is taken no further once its stream has ended', async () => {
    const stream = await twoWay()
    const posted = post(stream, 1, ping('begun'), queries(1_000_000), update('too late'))
    await stream.until('the first answer', () => answered(stream).length === 1)
    stream.destroy()
    expect(await posted).toBe(404)
    expect(stage.cairn.connectionCount).toBe(0)
    expect(await content()).toBe('')
  })

  test('is refused whole, and at once, where one of them is empty', async () => {
    const stream = await twoWay()
    expect(await post(stream, 1, update('before'), new Uint8Array(1_000_000))).toBe(400)
    await stream.ended()
    expect(stream.close).toMatchObject({ code: 4400 })
    expect(await content()).toBe('')
  })
})

describe('many requests in one go on one HTTP connection', () => {
  test('open no more than one event stream', async () => {
    stage = await EventStage.start()
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const counts: number[] = []
    const socket = connect(stage.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('data', () => counts.push(stage.cairn.connectionCount))
    socket.write('GET /documents/notes/events HTTP/1.1\r\nhost: a\r\n\r\n')
    await waitFor('the stream', () => counts.length > 0, polled)
    socket.write('GET /documents/notes/events HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1_000))
    await once(socket, 'close')
    await waitFor('the connection is gone', () => stage.cairn.connectionCount === 0, polled)
    process.off('warning', onWarning)
    expect(Math.max(...counts)).toBe(1)
    expect(warnings).toEqual([])
  })

  test('get a reason where a stream would have to wait behind another answer', async () => {
    stage = await EventStage.start()
    const socket = connect(stage.port, '127.0.0.1')
    let text = ''
    socket.on('data', (bytes) => {
      text += String(bytes)
    })
    const paths = ['/healthz', '/documents/notes/events', '/healthz']
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''))
    await once(socket, 'close')
    expect(text.match(/^HTTP\/1.1 \d+/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(text).toContain('an event stream cannot wait behind another answer')
    expect(stage.cairn.connectionCount).toBe(0)
  })
})
