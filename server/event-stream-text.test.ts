import { describe, expect, test } from 'vitest'
import { encodeUpdate } from '../protocol/codec.js'
import { encodeHello, encodePosition } from '../protocol/extension-codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { eventId, parseEventId } from './event-stream-id.js'
import { eventText } from './event-stream-text.js'
import { writePosition } from './position.js'
import { webSocketFrames } from './websocket-frames.js'

const epoch = Uint8Array.from({ length: 16 }, (_, index) => index + 240)
const epochText = Buffer.from(epoch).toString('base64url')
const none = new Uint8Array(0)
const position = writePosition({ sequence: 300, check: 0xbeef })
const update = encodeUpdate(Uint8Array.of(0, 0))
const updateText = `data: ${Buffer.from(update).toString('base64')}\n\n`

function textOf(messages: readonly Uint8Array[], told: string): string {
  return Buffer.from(eventText(new MessageBatch(messages), told).text).toString()
}

function hello(helloEpoch: Uint8Array): Uint8Array {
  return encodeHello({
    connectionId: 'c',
    access: 'read',
    epoch: helloEpoch,
    position,
    durability: 'fsync',
    maxUpdateBytes: 1,
    heartbeatMs: 1,
  })
}

describe('messages as events', () => {
  test('are one event each, in base64', () => {
    expect(textOf([update, update], '')).toBe(updateText + updateText)
  })

  test('have an id where they say how far the client has got', () => {
    const message = encodePosition({ epoch: none, position })
    const lines = textOf([update, message], epochText).slice(updateText.length).split('\n')
    expect(lines[0]).toBe(`id: 300.0000beef.${epochText}`)
    expect(lines[1]).toBe(`data: ${Buffer.from(message).toString('base64')}`)
  })

  test('have none in hello, which names a place that the client has not reached', () => {
    expect(textOf([hello(epoch)], '')).not.toContain('id:')
  })

  test('learn the epoch from hello and from a position, and have no id before', () => {
    const message = encodePosition({ epoch: none, position })
    expect(textOf([message], '')).not.toContain('id:')
    expect(textOf([hello(epoch), message], '')).toContain(`id: 300.0000beef.${epochText}\n`)
    const first = encodePosition({ epoch, position })
    expect(textOf([first], '')).toContain(`id: 300.0000beef.${epochText}\n`)
    expect(eventText(new MessageBatch([first]), '').epoch).toBe(epochText)
    expect(eventText(new MessageBatch([update]), epochText).epoch).toBe(epochText)
  })

  test('are made once for all streams of a document, also where WebSockets take turns', () => {
    const batch = new MessageBatch([update, encodePosition({ epoch: none, position })])
    const { text } = eventText(batch, epochText)
    for (let i = 0; i < 3; i++) {
      batch.encodedBy(webSocketFrames)
      expect(eventText(batch, epochText).text).toBe(text)
    }
    const other = eventText(batch, 'other').text
    expect(Buffer.from(other).toString()).toContain('.other\n')
  })

  test('that say nothing of a place are alike for every document', () => {
    const batch = new MessageBatch([update])
    expect(eventText(batch, 'one').text).toBe(eventText(batch, 'other').text)
    expect(eventText(batch, 'one').epoch).toBe('one')
  })
})

describe('the id of an event', () => {
  test('comes back as the place that it stood for', () => {
    for (const sequence of [0, 1, 127, 128, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      for (const check of [0, 1, 0xffffffff]) {
        const bytes = writePosition({ sequence, check })
        const place = parseEventId(eventId(bytes, epochText) ?? '')
        expect(place?.position).toEqual(bytes)
        expect(Uint8Array.from(place?.epoch ?? [])).toEqual(epoch)
      }
    }
  })

  test('of somebody else is none', () => {
    const strange = ['', '1', '1.2.3', 'x.0000beef.e', '1.0000BEEF.e', '-1.0000beef.e', '1.beef.e']
    const long = ['01.0000beef.e', '1.0000beef.', '9999999999999999.0000beef.e', '1.0000beef.a b']
    for (const id of [...strange, ...long, `1.0000beef.${'e'.repeat(65)}`]) {
      expect(parseEventId(id), id).toBeUndefined()
    }
  })
})
