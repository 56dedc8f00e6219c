import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { encodePosition } from '../protocol/extension-codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { createRandom } from '../runtime/seeded-random.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { eventPieces, eventText } from './event-stream-text.js'
import { type Pieces, PieceWriter } from './piece-writer.js'
import { writePosition } from './position.js'
import { webSocketFrames, webSocketPieces } from './websocket-frames.js'

/** A writer to a stream that takes a write when the test says so. */
function rig() {
  const written: Uint8Array[] = []
  let take: (() => void) | undefined
  const stream = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      written.push(chunk)
      take = callback
    },
  })
  let drained = 0
  const writer = new PieceWriter(stream, () => drained++)
  /** Returns false where nothing waits. */
  const takeOne = async (): Promise<boolean> => {
    const taken = take
    take = undefined
    taken?.()
    await new Promise<void>((resolve) => systemEnvironment.defer(resolve))
    return taken !== undefined
  }
  return { writer, stream, written, takeOne, drained: () => drained }
}

function* counted(made: number[], count: number): Generator<Uint8Array, undefined> {
  for (let piece = 0; piece < count; piece++) {
    made.push(piece)
    yield Uint8Array.of(piece)
  }
}

describe('a writer of pieces', () => {
  test('makes a piece when the one before has gone, and keeps the order of writes', async () => {
    const { writer, written, takeOne } = rig()
    const made: number[] = []
    writer.write(Uint8Array.of(100))
    writer.writePieces({ byteLength: 3, pieces: counted(made, 3) })
    writer.write(Uint8Array.of(101))
    expect(made).toEqual([0])
    await takeOne()
    expect(made).toEqual([0])
    await takeOne()
    expect(made).toEqual([0, 1])
    expect(writer.isBetweenWrites).toBe(false)
    while (await takeOne());
    expect(Buffer.concat(written)).toEqual(Buffer.of(100, 0, 1, 2, 101))
    expect(writer.isBetweenWrites).toBe(true)
    expect(writer.bufferedBytes).toBe(0)
  })

  test('tells once that everything has gone, what was written meanwhile too', async () => {
    const { writer, takeOne, drained } = rig()
    writer.writePieces({ byteLength: 2, pieces: counted([], 2) })
    writer.awaitDrain()
    writer.awaitDrain()
    await takeOne()
    writer.write(Uint8Array.of(9))
    await takeOne()
    expect(drained()).toBe(0)
    while (await takeOne());
    expect(drained()).toBe(1)
  })

  test('tells of a stream that had nothing to write', async () => {
    const { writer, takeOne, drained } = rig()
    writer.awaitDrain()
    await takeOne()
    expect(drained()).toBe(1)
  })

  test.each(['ended', 'destroyed'] as const)(
    'waits for no drain of a stream that was %s with a write under way',
    async (fate) => {
      const { writer, stream, takeOne, drained } = rig()
      stream.on('error', () => undefined)
      writer.write(Uint8Array.of(1))
      if (fate === 'ended') stream.end()
      else stream.destroy()
      writer.awaitDrain()
      // Comes to an end at all: asked again and again in one turn it would never.
      await takeOne()
      expect(drained()).toBe(0)
    },
  )

  test('says nothing and makes nothing once it is stopped', async () => {
    const { writer, takeOne, drained } = rig()
    const made: number[] = []
    writer.writePieces({ byteLength: 3, pieces: counted(made, 3) })
    writer.awaitDrain()
    writer.stop()
    while (await takeOne());
    expect(made).toEqual([0])
    expect(drained()).toBe(0)
    expect(writer.bufferedBytes).toBe(0)
  })
})

describe('pieces of messages', () => {
  const position = encodePosition({
    epoch: Uint8Array.from({ length: 16 }, (_, index) => index),
    position: writePosition({ sequence: 7, check: 9 }),
  })

  function check({ byteLength, pieces }: Pieces, whole: Uint8Array, most: number): void {
    const made = [...{ [Symbol.iterator]: () => pieces }]
    expect(Buffer.compare(Buffer.concat(made), whole)).toBe(0)
    expect(byteLength).toBe(whole.byteLength)
    for (const piece of made) expect(piece.byteLength).toBeLessThanOrEqual(most)
  }

  test.each([1, 2, 3, 4, 5])('are the same bytes as the whole, seed %i', (seed) => {
    const random = createRandom(seed)
    const size = 50 + Math.floor(random() * 1_000)
    const messages = Array.from({ length: 40 }, () => {
      if (random() < 0.1) return position
      const length = Math.floor(random() ** 4 * 70_000)
      // An update's first byte, and then any.
      return Uint8Array.from({ length }, (_, index) => (index === 0 ? 0 : random() * 256))
    })
    check(webSocketPieces(messages, size), webSocketFrames(messages), size + 10 * messages.length)
    const events = eventText(new MessageBatch(messages), '')
    const pieces = eventPieces(messages, '', size)
    check(pieces, events.text, 3 * size + 100)
    expect(pieces.epoch).toBe(events.epoch)
  })
})
