import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { CairnError, type ErrorCode } from '../protocol/errors.js'
import type { EventReader } from './event-reader.js'
import { EventStage } from './event-stage.js'

let stage: EventStage

afterEach(() => stage.stop())

/** The texts that the updates after a place hold, when nothing but text was ever inserted. */
function updatesOf(reader: EventReader): number {
  return reader.messages.filter(({ type }) => type === 'update').length
}

function write(text: string): Promise<void> {
  return stage.cairn.transact('notes', (doc) => {
    const content = doc.getText('text')
    content.insert(content.length, text)
  })
}

describe('a dashboard', () => {
  test('gets everything, and then what comes', async () => {
    stage = await EventStage.start()
    await write('before')
    const reader = await stage.reader('notes').synced()
    expect(reader.content).toBe('before')
    await write(', after')
    await reader.has('before, after')
    expect(reader.messages[0]).toMatchObject({ type: 'hello', access: 'read' })
    expect(reader.response?.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': '*',
    })
  })

  test('that comes back gets what came after, and nothing else', async () => {
    stage = await EventStage.start()
    for (const text of ['one ', 'two ', 'three ']) await write(text)
    const first = await stage.reader('notes').synced()
    await write('four ')
    await first.has('one two three four ')
    await first.until('an id', () => first.lastEventId.startsWith('4.'))
    first.destroy()
    await write('five ')
    await write('six ')
    const id = first.lastEventId
    for (const again of [
      stage.reader('notes', '', { headers: { 'last-event-id': id } }),
      stage.reader('notes', `?last-event-id=${id}`),
    ]) {
      await again.synced()
      expect(updatesOf(again)).toBe(2)
      // What it was sent builds on what it has: a page that kept its document goes on with it.
      const doc = new Y.Doc()
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(first.doc))
      for (const message of again.messages) {
        if (message.type === 'update') Y.applyUpdate(doc, message.update)
      }
      expect(doc.getText('text').toString()).toBe('one two three four five six ')
      await again.until('the next id', () => again.lastEventId.startsWith('6.'))
    }
  })

  test('that is already level gets no update again', async () => {
    stage = await EventStage.start()
    await write('all')
    const first = await stage.reader('notes').synced()
    await first.until('an id', () => first.lastEventId !== '')
    const headers = { 'last-event-id': first.lastEventId }
    const again = await stage.reader('notes', '', { headers }).synced()
    expect(updatesOf(again)).toBe(0)
  })

  test('gets everything for an id that is not of this document', async () => {
    stage = await EventStage.start()
    await write('one ')
    await write('two')
    const id = '1.00000000.AAAAAAAAAAAAAAAAAAAAAA'
    for (const strange of [id, 'nonsense', '1.1.1', '\u00ff']) {
      const headers = { 'last-event-id': strange }
      const reader = await stage.reader('notes', '', { headers }).synced()
      expect(reader.content).toBe('one two')
      reader.destroy()
    }
  })

  test('is nobody, and writes nothing, whoever it is', async () => {
    stage = await EventStage.start({ authenticate: () => ({ id: 'ada', access: 'write' }) })
    const reader = await stage.reader('notes').synced()
    const bob = await stage.stock('notes', { state: { name: 'bob' } }).online()
    await reader.until('who is here', () =>
      reader.messages.some((message) => message.type === 'awareness'),
    )
    expect(stage.cairn.document('notes').presence).toHaveLength(1)
    expect(bob.others.size).toBe(0)
    expect(reader.messages[0]).toMatchObject({ type: 'hello', access: 'read' })
    expect(reader.events.some(({ type }) => type === 'open')).toBe(false)
  })
})

describe('an EventSource', () => {
  const finalCodes: readonly (readonly [ErrorCode, number])[] = [
    ['MALFORMED_MESSAGE', 400],
    ['UNAUTHENTICATED', 401],
    ['FORBIDDEN', 403],
    ['NO_SUCH_DOCUMENT', 404],
    ['TOO_LARGE', 413],
  ]

  test.each(finalCodes)(
    'gives up where the server says %s, since the status is %i',
    async (code, status) => {
      stage = await EventStage.start({
        authenticate: () => {
          throw new CairnError(code, 'not you')
        },
      })
      const reader = await stage.reader('notes').ended()
      expect(reader.status).toBe(status)
      expect(reader.text).toBe(`${code}: not you\n`)
      expect(reader.response?.headers['content-type']).not.toContain('event-stream')
      expect(reader.response?.headers['access-control-allow-origin']).toBe('*')
    },
  )

  test('waits as long as it is told where it may come back', async () => {
    stage = await EventStage.start({
      authenticate: () => {
        throw new CairnError('STORE_UNAVAILABLE', 'later', { retryAfterMs: 60_000 })
      },
    })
    const reader = await stage.reader('notes').ended()
    expect(reader.status).toBe(200)
    expect(reader.retryMs).toBe(60_000)
    expect(reader.close).toEqual({
      code: 4503,
      reason: 'STORE_UNAVAILABLE;retry-after=60000: later',
    })
  })

  test('comes back at a time of its own where no time was said', async () => {
    stage = await EventStage.start()
    const readers = await Promise.all(
      Array.from({ length: 20 }, () => stage.reader('notes').synced()),
    )
    const delays = readers.map(({ retryMs = 0 }) => retryMs)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(2_000)
    expect(Math.max(...delays)).toBeLessThanOrEqual(10_000)
    expect(new Set(delays).size).toBeGreaterThan(10)
    await stage.close()
    for (const reader of readers) {
      await reader.ended()
      expect(reader.close).toMatchObject({ code: 1012 })
      // However soon the server thinks it is back, nobody asks at that pace for as long as it is not.
      expect(reader.retryMs).toBeGreaterThanOrEqual(2_000)
    }
  })
})
