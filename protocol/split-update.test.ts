import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from './byte-writer.js'
import { isComplete, splitUpdate } from './split-update.js'
import { UpdateScanner } from './update-scanner.js'

const scanner = new UpdateScanner()

/** A struct: how many clocks it takes and the other client's clock that it needs, or a Skip. */
interface Struct {
  readonly length: number
  readonly needs?: readonly [client: number, clock: number]
  readonly isSkip?: boolean
}

type Section = readonly [client: number, clock: number, ...structs: Struct[]]
type Deletion = readonly [client: number, from: number, to: number]

function gc(length: number): Struct {
  return { length }
}

function skip(length: number): Struct {
  return { length, isSkip: true }
}

function needing(client: number, clock: number, length = 1): Struct {
  return { length, needs: [client, clock] }
}

function update(sections: readonly Section[], deletions: readonly Deletion[] = []): Uint8Array {
  const writer = new ByteWriter(64)
  writer.writeVarUint(sections.length)
  for (const [client, clock, ...structs] of sections) {
    for (const value of [structs.length, client, clock]) writer.writeVarUint(value)
    for (const { length, needs, isSkip } of structs) {
      // Deleted content (kind 1) with an origin, a Skip (10) or a GC (0).
      writer.writeBytes(Uint8Array.of(needs !== undefined ? 0x81 : isSkip ? 10 : 0))
      for (const value of needs ?? []) writer.writeVarUint(value)
      writer.writeVarUint(length)
    }
  }
  const byClient = new Map<number, Deletion[]>()
  for (const range of deletions) {
    byClient.set(range[0], [...(byClient.get(range[0]) ?? []), range])
  }
  writer.writeVarUint(byClient.size)
  for (const [client, ranges] of byClient) {
    writer.writeVarUint(client)
    writer.writeVarUint(ranges.length)
    for (const [, from, to] of ranges) {
      writer.writeVarUint(from)
      writer.writeVarUint(to - from)
    }
  }
  return writer.finish()
}

function split(bytes: Uint8Array, known: Readonly<Record<number, number>> = {}) {
  return splitUpdate(bytes, scanner.scan(bytes), (client) => known[client] ?? 0)
}

function complete(bytes: Uint8Array, known: Readonly<Record<number, number>> = {}): boolean {
  return isComplete(scanner.scan(bytes), (client) => known[client] ?? 0)
}

describe('an update', () => {
  test('whose past is known is complete, and is not copied', () => {
    const bytes = update(
      [
        [9, 3, gc(2), needing(5, 1)],
        [5, 0, gc(3)],
      ],
      [
        [5, 0, 3],
        [7, 0, 4],
      ],
    )
    expect(split(bytes, { 9: 3, 7: 4 })).toEqual({ complete: bytes, rest: undefined, missing: [] })
    expect(split(bytes, { 9: 3, 7: 4 }).complete).toBe(bytes)
    expect(complete(bytes, { 9: 3, 7: 4 })).toBe(false)
    expect(complete(bytes, { 9: 3, 5: 2, 7: 4 })).toBe(true)
  })

  test('of nothing is neither complete nor held', () => {
    const nothing = { complete: undefined, rest: undefined, missing: [] }
    expect(split(update([]))).toEqual(nothing)
  })

  test('that starts after what is known is held whole, and is not copied', () => {
    const bytes = update([[9, 3, gc(2)]], [[9, 3, 4]])
    const parts = split(bytes, { 9: 2 })
    expect(parts).toEqual({ complete: undefined, rest: bytes, missing: [{ client: 9, clock: 2 }] })
    expect(parts.rest).toBe(bytes)
    expect(complete(bytes, { 9: 2 })).toBe(false)
    expect(complete(bytes, { 9: 3 })).toBe(true)
  })

  test('is cut before the first struct whose past is missing, client by client', () => {
    const bytes = update([
      [9, 0, gc(2), needing(7, 4), gc(5)],
      [8, 0, gc(1)],
      [6, 4, needing(5, 0), gc(1)],
    ])
    expect(split(bytes, { 7: 4, 6: 4 })).toEqual({
      complete: update([
        [9, 0, gc(2)],
        [8, 0, gc(1)],
      ]),
      rest: update([
        [9, 2, needing(7, 4), gc(5)],
        [6, 4, needing(5, 0), gc(1)],
      ]),
      missing: [
        { client: 7, clock: 4 },
        { client: 5, clock: 0 },
      ],
    })
  })

  test('leaves out structs that are known, and cuts one that is known in part', () => {
    const bytes = update([
      [9, 0, gc(2), gc(3), gc(4)],
      [7, 0, gc(5)],
    ])
    expect(split(bytes, { 9: 3, 7: 5 })).toEqual({
      complete: update([[9, 3, gc(2), gc(4)]]),
      rest: undefined,
      missing: [],
    })
    expect(split(update([[9, 0, needing(7, 1, 5), gc(1)]]), { 9: 3, 7: 2 })).toEqual({
      complete: update([[9, 3, needing(9, 2, 2), gc(1)]]),
      rest: undefined,
      missing: [],
    })
  })

  test('waits for the past of all of a struct that is known in part, and holds it whole', () => {
    const bytes = update([
      [9, 0, gc(2), needing(7, 4, 3)],
      [5, 0, gc(3)],
    ])
    expect(split(bytes, { 9: 3, 5: 1 })).toEqual({
      complete: update([[5, 1, gc(2)]]),
      rest: update([[9, 2, needing(7, 4, 3)]]),
      missing: [{ client: 7, clock: 4 }],
    })
  })

  test('is cut at a Skip, and a Skip over what is known is none', () => {
    const bytes = update([[9, 0, gc(2), skip(3), gc(4), skip(1), gc(1)]])
    expect(split(bytes)).toEqual({
      complete: update([[9, 0, gc(2)]]),
      rest: update([[9, 5, gc(4), skip(1), gc(1)]]),
      missing: [{ client: 9, clock: 4 }],
    })
    expect(split(bytes, { 9: 5 })).toEqual({
      complete: update([[9, 5, gc(4)]]),
      rest: update([[9, 10, gc(1)]]),
      missing: [{ client: 9, clock: 9 }],
    })
    expect(split(bytes, { 9: 10 }).rest).toBe(undefined)
    expect(complete(bytes, { 9: 11 })).toBe(false)
  })

  test('is taken as far as its sections free one another', () => {
    const bytes = update([
      [9, 0, needing(8, 0), needing(8, 1), needing(8, 2)],
      [8, 0, gc(1), needing(9, 0), needing(9, 2)],
    ])
    expect(split(bytes)).toEqual({
      complete: update([
        [9, 0, needing(8, 0), needing(8, 1)],
        [8, 0, gc(1), needing(9, 0)],
      ]),
      rest: update([
        [9, 2, needing(8, 2)],
        [8, 2, needing(9, 2)],
      ]),
      missing: [
        { client: 8, clock: 2 },
        { client: 9, clock: 2 },
      ],
    })
  })
})

describe('delete ranges', () => {
  test('are cut at the end of what is known', () => {
    const bytes = update(
      [[9, 0, gc(4)]],
      [
        [9, 1, 2],
        [9, 3, 7],
        [5, 0, 2],
        [5, 6, 9],
        [3, 1, 4],
      ],
    )
    expect(split(bytes, { 5: 3, 3: 2 })).toEqual({
      complete: update(
        [[9, 0, gc(4)]],
        [
          [9, 1, 2],
          [9, 3, 4],
          [5, 0, 2],
          [3, 1, 2],
        ],
      ),
      rest: update(
        [],
        [
          [9, 4, 7],
          [5, 6, 9],
          [3, 2, 4],
        ],
      ),
      missing: [
        { client: 9, clock: 4 },
        { client: 5, clock: 6 },
        { client: 3, clock: 2 },
      ],
    })
    expect(complete(bytes, { 5: 9, 3: 4 })).toBe(false)
    expect(complete(bytes, { 9: 7, 5: 9, 3: 4 })).toBe(true)
  })

  test('over a section that is held wait with it', () => {
    const bytes = update([[9, 2, gc(4)]], [[9, 1, 6]])
    expect(split(bytes, { 9: 1 })).toEqual({
      complete: undefined,
      rest: bytes,
      missing: [{ client: 9, clock: 1 }],
    })
  })
})

describe('a hostile order', () => {
  const people = 60_000

  test('of a chain through every section costs no more than a good one', () => {
    const sections = (needs: (client: number) => number): Section[] =>
      Array.from({ length: people }, (_, index) => {
        const client = people - index
        const needed = needs(client)
        return [client, 0, needed === 0 ? gc(1) : needing(needed, 0)]
      })
    const down = update(sections((client) => client - 1))
    expect(split(down).complete).toBe(down)
    const up = update(sections((client) => (client === people ? 0 : client + 1)))
    expect(split(up).complete).toBe(up)
    const cycle = update(sections((client) => (client === people ? 1 : client + 1)))
    expect(split(cycle).rest).toBe(cycle)
  })

  test('of two clients in turns before thousands who wait costs no more than a good one', () => {
    const turns = 30_000
    const first = Array.from({ length: turns }, (_, i) => (i === 0 ? gc(1) : needing(1, i - 1)))
    const second = Array.from({ length: turns }, (_, i) => needing(2, i))
    const waiters = Array.from(
      { length: turns },
      (_, i): Section => [turns + 2 - i, 0, needing(1 + (i % 2), turns - 1 - (i % 7))],
    )
    const bytes = update([...waiters, [2, 0, ...first], [1, 0, ...second]])
    expect(split(bytes).complete).toBe(bytes)
  })
})

test('what is admitted and what is held make the whole again in Y.Doc', () => {
  const [one, two] = [new Y.Doc(), new Y.Doc()]
  one.clientID = 1
  two.clientID = 2
  const updates: Uint8Array[] = []
  two.on('update', (bytes: Uint8Array, _origin, _doc, transaction: Y.Transaction) => {
    if (transaction.local) updates.push(bytes)
  })
  one.getText('t').insert(0, 'hello')
  const greeting = Y.encodeStateAsUpdate(one)
  two.getText('t').insert(0, 'first. ')
  Y.applyUpdate(two, greeting)
  two.getText('t').insert(5, ' world, ')
  two.getText('t').delete(0, 1)
  const merged = Y.mergeUpdates(updates)
  const parts = split(merged)
  expect(parts.missing).toEqual([{ client: 1, clock: 0 }])
  const replica = new Y.Doc()
  for (const bytes of [parts.complete, greeting, parts.rest]) {
    Y.applyUpdate(replica, bytes ?? Uint8Array.of(0, 0))
    expect(replica.store.pendingStructs).toBe(null)
    expect(replica.store.pendingDs).toBe(null)
  }
  expect(replica.getText('t').toString()).toBe(two.getText('t').toString())
})
