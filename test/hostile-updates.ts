import { ByteWriter } from '../protocol/byte-writer.js'
import type { UpdateRule } from '../protocol/update-rules.js'

/** A malformed Yjs v1 update, made by hand. */
export interface HostileUpdate {
  readonly title: string
  readonly rule: UpdateRule
  readonly update: Uint8Array
}

const client = 9
const noDeletes = 0

/** Varints and bytes as they come; strings with their length before them. */
function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (part instanceof Uint8Array) return part
      const writer = new ByteWriter(16)
      if (typeof part === 'number') writer.writeVarUint(part)
      else writer.writeVarString(part)
      return writer.finish()
    }),
  )
}

/** One section with one struct at clock 0. */
function struct(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return bytes(1, 1, client, 0, bytes(...parts), noDeletes)
}

/** An item of `kind` in the root type "t". */
function item(kind: number, ...content: readonly (number | string | Uint8Array)[]): Uint8Array {
  return struct(kind, 1, 't', bytes(...content))
}

/** A text item that names the item before it. */
const itemWithOrigin = Uint8Array.of(0x84)
const garbageCollected = 0
const skip = 10
const [deleted, json, text, embed, type, any, subdocument] = [1, 2, 4, 5, 7, 8, 9]
const [anyArray, anyNull, anyString] = [117, 126, 119]

/** lib0 reads these two as Infinity and as NaN, and Yjs never comes back from them. */
export const infinityVarint = Uint8Array.from([...new Array<number>(146).fill(0x80), 0x7f])
export const notANumberVarint = Uint8Array.from([...new Array<number>(150).fill(0x80), 0x01])

function nested(levels: number): Uint8Array {
  return bytes(...new Array<Uint8Array>(levels).fill(Uint8Array.of(anyArray, 1)), anyNull)
}

/** Every rule of `updateRules`, broken at least once. */
export const hostileUpdates: readonly HostileUpdate[] = [
  { title: 'no bytes', rule: 'truncated', update: Uint8Array.of() },
  {
    title: 'a string that ends too early',
    rule: 'truncated',
    update: item(text, 50, Uint8Array.of(97)),
  },
  {
    title: 'a cut delete set',
    rule: 'truncated',
    update: bytes(0, 1, client, 1, Uint8Array.of(0x85, 0x85)),
  },
  {
    title: 'Infinity as a length',
    rule: 'varint',
    update: struct(garbageCollected, infinityVarint),
  },
  { title: 'NaN as a length', rule: 'varint', update: struct(garbageCollected, notANumberVarint) },
  {
    title: 'Infinity as a clock',
    rule: 'varint',
    update: bytes(1, 1, client, infinityVarint, 0, 1, 0),
  },
  { title: 'NaN as a client', rule: 'varint', update: bytes(1, 1, notANumberVarint, 0, 0, 1, 0) },
  {
    title: 'structs that the bytes cannot hold',
    rule: 'count',
    update: bytes(1, 2 ** 25, client, 0, 0),
  },
  { title: 'sections that the bytes cannot hold', rule: 'count', update: bytes(2 ** 32, 1) },
  { title: 'a section of nothing', rule: 'count', update: bytes(1, 0, client, 0, 0, 0) },
  { title: 'elements that the bytes cannot hold', rule: 'count', update: item(any, 2 ** 40) },
  {
    title: 'a client twice',
    rule: 'section-order',
    update: bytes(2, 1, client, 0, 0, 1, 1, client, 1, 0, 1, 0),
  },
  {
    title: 'ascending clients',
    rule: 'section-order',
    update: bytes(2, 1, client, 0, 0, 1, 1, client + 1, 0, 0, 1, 0),
  },
  { title: 'an end of all clocks', rule: 'clock', update: struct(garbageCollected, 2 ** 53 - 1) },
  {
    title: 'a delete beyond all clocks',
    rule: 'clock',
    update: bytes(0, 1, client, 1, 2 ** 48, 1),
  },
  { title: 'a Skip with flags', rule: 'info', update: struct(0x2a, 1) },
  { title: 'a kind that is not known', rule: 'info', update: item(11, 1) },
  { title: 'a Skip alone', rule: 'skip', update: struct(skip, 5) },
  { title: 'an empty GC', rule: 'length', update: struct(garbageCollected, 0) },
  { title: 'empty deleted content', rule: 'length', update: item(deleted, 0) },
  { title: 'an empty text', rule: 'length', update: item(text, '') },
  { title: 'an empty delete', rule: 'length', update: bytes(0, 1, client, 1, 0, 0) },
  { title: 'a parent of a third kind', rule: 'parent-info', update: struct(text, 2, 't', 'a') },
  { title: 'a type of a later day', rule: 'type', update: item(type, 7) },
  { title: 'text that is not UTF-8', rule: 'utf8', update: item(text, 1, Uint8Array.of(0xff)) },
  {
    title: 'half of a surrogate pair',
    rule: 'utf8',
    update: item(text, 3, Uint8Array.of(0xed, 0xa0, 0xbd)),
  },
  { title: 'JSON that is none', rule: 'content', update: item(embed, '{"a":') },
  { title: 'a value of an unknown type', rule: 'content', update: item(any, 1, Uint8Array.of(1)) },
  {
    title: 'a subdocument with a string for options',
    rule: 'content',
    update: item(subdocument, 'guid', anyString, 'x'),
  },
  {
    title: 'a value that nests 8,000 levels',
    rule: 'nesting',
    update: item(any, 1, nested(8_000)),
  },
  {
    title: 'JSON that nests 5,000 levels',
    rule: 'nesting',
    update: item(embed, '['.repeat(5_000) + ']'.repeat(5_000)),
  },
  {
    title: 'old JSON that nests 5,000 levels',
    rule: 'nesting',
    update: item(json, 1, '['.repeat(5_000) + ']'.repeat(5_000)),
  },
  {
    title: 'an origin in its own future',
    rule: 'own-reference',
    update: struct(itemWithOrigin, client, 5, 'a'),
  },
  { title: 'itself as parent', rule: 'own-reference', update: struct(text, 0, client, 0, 'a') },
  { title: 'bytes behind its end', rule: 'trailing-bytes', update: bytes(item(text, 'a'), 0xdead) },
]
