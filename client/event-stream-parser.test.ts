import { describe, expect, test } from 'vitest'
import { EventStreamParser, type StreamEvent } from './event-stream-parser.js'

const utf8 = new TextEncoder()

function parse(text: string, pieceLength = Number.POSITIVE_INFINITY): StreamEvent[] {
  const events: StreamEvent[] = []
  const parser = new EventStreamParser((event) => events.push(event))
  const bytes = utf8.encode(text)
  for (let start = 0; start < bytes.length; start += pieceLength) {
    parser.push(bytes.subarray(start, start + pieceLength))
  }
  return events
}

function dataOf(text: string): string[] {
  return parse(text).map(({ data }) => data)
}

describe('an event stream', () => {
  test('is read alike with every line end, and wherever it is cut', () => {
    const lines = ['event: open', 'data: {"é":1}', '', ': ü', 'id: 7', 'data:a', 'data: b', '', '']
    const expected = [
      { type: 'open', data: '{"é":1}', lastEventId: '' },
      { type: 'message', data: 'a\nb', lastEventId: '7' },
    ]
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      for (let pieceLength = 1; pieceLength < 60; pieceLength++) {
        expect(parse(lines.join(lineEnd), pieceLength)).toEqual(expected)
      }
    }
  })

  test('does not take the two halves of one line end for two', () => {
    const events: StreamEvent[] = []
    const parser = new EventStreamParser((event) => events.push(event))
    for (const piece of ['data: a\r', '', '\n', 'data: b\r', '\n\r', '\n']) {
      parser.push(utf8.encode(piece))
    }
    expect(events.map(({ data }) => data)).toEqual(['a\nb'])
  })

  test('has no event without data, and none that it does not end', () => {
    expect(dataOf('event: ping\n\ndata\n\ndata: a\n\ndata: b\n')).toEqual(['a'])
  })

  test('forgets the type with its event, and keeps the id', () => {
    expect(parse('event: x\nid: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n')).toEqual([
      { type: 'x', data: 'a', lastEventId: '1' },
      { type: 'message', data: 'b', lastEventId: '1' },
      { type: 'message', data: 'c', lastEventId: '' },
    ])
  })

  test('takes one space after the colon away, and no more', () => {
    expect(dataOf('data:  a\n\ndata:b\n\ndata: c:d\n\n')).toEqual([' a', 'b', 'c:d'])
  })

  test('passes over comments, unknown fields, ids with a NUL and what is no time', () => {
    const parser = new EventStreamParser(() => undefined)
    parser.push(utf8.encode('retry: 1s\n\n'))
    expect(parser.retryMs).toBeUndefined()
    parser.push(utf8.encode('retry: 2500\nretry: -1\n'))
    expect(parser.retryMs).toBe(2_500)
    expect(parse(':a\nfoo: bar\nData: no\nid: a\0b\ndata: x\n\n')).toEqual([
      { type: 'message', data: 'x', lastEventId: '' },
    ])
  })

  test('may begin with a byte order mark', () => {
    expect(dataOf('\uFEFFdata: a\n\n')).toEqual(['a'])
  })

  test('is refused where it is no UTF-8', () => {
    const parser = new EventStreamParser(() => undefined)
    expect(() => parser.push(Uint8Array.of(0x64, 0xff, 0x0a))).toThrow(TypeError)
  })

  test('is refused where a line or an event is longer than allowed', () => {
    const parser = () => new EventStreamParser(() => undefined, 16)
    expect(() => parser().push(utf8.encode('x'.repeat(17)))).toThrow(RangeError)
    const endless = parser()
    expect(() => {
      for (let i = 0; i < 17; i++) endless.push(utf8.encode('x'))
    }).toThrow(RangeError)
    expect(() => parser().push(utf8.encode('data: 1234567\ndata: 1234567\n'))).not.toThrow()
    expect(() => parser().push(utf8.encode('data: 12345678\ndata: 12345678\n'))).toThrow(RangeError)
  })
})
