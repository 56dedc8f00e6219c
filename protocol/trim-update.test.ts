import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from './byte-writer.js'
import { splitUpdate } from './split-update.js'
import { trimUpdate } from './trim-update.js'
import { UpdateScanner } from './update-scanner.js'

const scanner = new UpdateScanner()

type Part = number | string | Uint8Array
type Section = readonly [client: number, clock: number, ...structs: Uint8Array[]]
type Known = Readonly<Record<number, number>>

/** Varints and bytes as they come; strings with their length before them. */
function bytes(...parts: readonly Part[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const part of parts) {
    if (typeof part === 'number') writer.writeVarUint(part)
    else if (typeof part === 'string') writer.writeVarString(part)
    else writer.writeBytes(part)
  }
  return writer.finish()
}

/** Deletes clocks 0 and 1 of client 3. */
const deleteSet = bytes(1, 3, 1, 0, 2)

function update(...sections: readonly Section[]): Uint8Array {
  const written = sections.map(([client, clock, ...structs]) =>
    bytes(structs.length, client, clock, ...structs),
  )
  return bytes(sections.length, ...written, deleteSet)
}

function trim(whole: Uint8Array, known: Known): Uint8Array {
  const trimmed = trimUpdate(whole, scanner.scan(whole), (client) => known[client] ?? 0)
  scanner.scan(trimmed)
  return trimmed
}

/** The update as Yjs decodes and writes it again: a flag that says nothing is gone then. */
function rewritten(whole: Uint8Array): Uint8Array {
  return Y.diffUpdate(whole, Uint8Array.of(0))
}

const gc = (length: number) => bytes(0, length)
const skip = (length: number) => bytes(10, length)
const info = (value: number) => Uint8Array.of(value)
/** An item of `kind` in the root type "t". */
const item = (kind: number, ...content: readonly Part[]) => bytes(kind, 1, 't', ...content)
/** What such an item becomes when its clocks up to `clock` of client 9 are cut off. */
const cutItem = (clock: number, kind: number, ...content: readonly Part[]) =>
  bytes(info(0x80 | kind), 9, clock, ...content)

const [deleted, json, text, any] = [1, 2, 4, 8]

describe('an update', () => {
  test('that begins below nothing known is returned itself', () => {
    const whole = update([9, 3, gc(2), skip(1), gc(1)], [5, 0, gc(3)])
    expect(trim(whole, {})).toBe(whole)
    expect(trim(whole, { 9: 3, 7: 8 })).toBe(whole)
    const empty = bytes(0, 0)
    expect(trim(empty, { 9: 3 })).toBe(empty)
  })

  test('of known clocks alone keeps its deletions alone', () => {
    const whole = update([9, 3, gc(2), skip(1), gc(1)], [5, 0, gc(3)])
    expect(trim(whole, { 9: 7, 5: 100 })).toEqual(update())
  })

  test('loses known structs and sections, and keeps the others byte for byte', () => {
    const whole = update([9, 0, gc(2), gc(3), item(text, 'ß')], [7, 4, gc(1)], [5, 0, gc(3)])
    expect(trim(whole, { 9: 2, 5: 3 })).toEqual(
      update([9, 2, gc(3), item(text, 'ß')], [7, 4, gc(1)]),
    )
  })

  test('never begins a section with a Skip', () => {
    const whole = update([9, 0, gc(3), skip(4), skip(1), gc(2), skip(1), gc(1)])
    const end = [gc(2), skip(1), gc(1)] as const
    for (const known of [3, 5, 7, 8])
      expect(trim(whole, { 9: known })).toEqual(update([9, 8, ...end]))
    expect(trim(whole, { 9: 9 })).toEqual(update([9, 9, gc(1), skip(1), gc(1)]))
    expect(trim(whole, { 9: 10 })).toEqual(update([9, 11, gc(1)]))
  })

  test('keeps numbers of any size', () => {
    const [client, clock] = [2 ** 53 - 1, 2 ** 47]
    const whole = update([client, clock, item(deleted, 2 ** 40), gc(1)])
    expect(trim(whole, { [client]: clock + 2 ** 33 })).toEqual(
      update([
        client,
        clock + 2 ** 33,
        bytes(info(0x81), client, clock + 2 ** 33 - 1, 2 ** 40 - 2 ** 33),
        gc(1),
      ]),
    )
  })
})

describe('a struct that is known in part', () => {
  const cases: readonly [title: string, cut: number, whole: Uint8Array, rest: Uint8Array][] = [
    ['a GC', 2, gc(5), gc(3)],
    ['deleted content', 299, item(deleted, 300), cutItem(298, deleted, 1)],
    ['text', 2, item(text, 'hello'), cutItem(1, text, 'llo')],
    ['text of many bytes a letter', 3, item(text, 'aß日本🎉'), cutItem(2, text, '本🎉')],
    ['text after a surrogate pair', 3, item(text, 'a🎉b'), cutItem(2, text, 'b')],
    ['text inside a surrogate pair', 2, item(text, 'a🎉b'), cutItem(1, text, '\ufffdb')],
    ['text inside its last pair', 3, item(text, '🎉🎉'), cutItem(2, text, '\ufffd')],
    [
      'values',
      2,
      item(any, 3, info(126), bytes(info(117), 1, info(120)), bytes(info(119), 'x')),
      cutItem(1, any, 1, bytes(info(119), 'x')),
    ],
    [
      'JSON values',
      2,
      item(json, 4, 'undefined', '[1, "a"]', 'undefined', '{ }'),
      cutItem(1, json, 2, 'undefined', '{ }'),
    ],
    ['an item below an id', 1, bytes(text, 0, 5, 7, 'ab'), cutItem(0, text, 'b')],
    [
      'an item under a key',
      1,
      bytes(0x20 | text, 0, 5, 7, 'key', 'ab'),
      cutItem(0, 0x20 | text, 'b'),
    ],
    [
      'an item with an origin',
      1,
      bytes(info(0xa0 | text), 5, 7, 'ab'),
      cutItem(0, 0x20 | text, 'b'),
    ],
    [
      'an item with a right origin',
      1,
      bytes(0x40 | text, 500, 7, 'ab'),
      cutItem(0, 0x40 | text, 500, 7, 'b'),
    ],
    [
      'an item with both origins',
      1,
      bytes(info(0xc0 | text), 6, 1, 500, 7, 'ab'),
      cutItem(0, 0x40 | text, 500, 7, 'b'),
    ],
  ]

  test.each(cases)('is cut as Yjs cuts it: %s', (_title, cut, whole, rest) => {
    const next = item(text, 'next')
    const trimmed = trim(update([9, 0, whole, next]), { 9: cut })
    expect(trimmed).toEqual(update([9, cut, rest, next]))
    const stateVector = Y.encodeStateVector(new Map([[9, cut]]))
    const byYjs = Y.diffUpdate(update([9, 0, whole, next]), stateVector)
    expect(rewritten(trimmed)).toEqual(rewritten(byYjs))
  })
})

describe('an item that was made up to lie over collected clocks', () => {
  const poison = item(text, 'hello')
  const known = { 66: 3 }
  const collected = bytes(1, 1, 66, 0, gc(3), 0)
  const cases = {
    alone: update([66, 0, poison]),
    'after a good one': update([67, 0, item(text, 'GOOD')], [66, 0, poison]),
    'with a right origin': update([66, 0, gc(1), bytes(0x40 | text, 66, 0, 'hello')]),
    'with a known part of its own': update([66, 0, item(text, 'a'), poison]),
  }

  function replica(): Y.Doc {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, collected)
    return doc
  }

  test('makes Y.Doc throw when it is not cut', () => {
    expect(() => Y.applyUpdate(replica(), cases.alone)).toThrow(TypeError)
    expect(() => Y.applyUpdate(replica(), cases['after a good one'])).toThrow(TypeError)
  })

  test.each(Object.entries(cases))('is integrated as collected once it is cut: %s', (_, whole) => {
    const end = scanner.scan(whole).sectionTo[whole[0] === 2 ? 1 : 0] ?? 0
    const split = splitUpdate(whole, scanner.scan(whole), (client) => (client === 66 ? 3 : 9))
    for (const cut of [trim(whole, known), split.complete]) {
      const doc = replica()
      Y.applyUpdate(doc, cut ?? Uint8Array.of())
      expect(doc.store.pendingStructs).toBe(null)
      expect(doc.store.clients.get(66)).toEqual([new Y.GC(Y.createID(66, 0), end)])
    }
  })
})
