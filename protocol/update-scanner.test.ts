import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { ByteWriter } from './byte-writer.js'
import { CairnError } from './errors.js'
import { protocolLimits } from './limits.js'
import { type UpdateRule, updateRules } from './update-rules.js'
import { noScanLimits, UpdateScanner } from './update-scanner.js'

const scanner = new UpdateScanner()
const utf8 = new TextEncoder()

/** Numbers as varints, strings with their length, lists as they stand. */
type Part = number | string | readonly number[]

function bytes(...parts: readonly Part[]): Uint8Array {
  return bytesOf(parts)
}

function bytesOf(parts: readonly Part[]): Uint8Array {
  const writer = new ByteWriter(64)
  for (const part of parts) {
    if (typeof part === 'number') writer.writeVarUint(part)
    else if (typeof part === 'string') writer.writeVarBytes(utf8.encode(part))
    else writer.writeBytes(Uint8Array.from(part))
  }
  return writer.finish()
}

/** An update of one section with client 7, from clock 10, and no deletions. */
function section(structs: number, ...parts: readonly Part[]): Uint8Array {
  return bytes(1, structs, 7, 10, ...parts, 0)
}

/** One item below the root `r`: the content of that kind. */
function item(kind: number, ...content: readonly Part[]): Uint8Array {
  return section(1, kind, 1, 'r', ...content)
}

function refusal(update: Uint8Array): string | undefined {
  try {
    scanner.scan(update)
    return undefined
  } catch (error) {
    if (!(error instanceof CairnError)) throw error
    return error.code === 'MALFORMED_UPDATE' ? error.rule : `${error.code} ${error.rule}`
  }
}

const LONG_VARINT = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]
const MAX_VARINT = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
const ABOVE_MAX_VARINT = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]
const NAN_VARINT = [...new Array(150).fill(0x80), 0x01]
const INFINITE_VARINT = [...new Array(146).fill(0x80), 0x7f]
const GC = 0
const SKIP = 10
const DELETED = 1
const JSON_LIST = 2
const BINARY = 3
const STRING = 4
const EMBED = 5
const FORMAT = 6
const TYPE = 7
const ANY = 8
const SUBDOCUMENT = 9
const ORIGIN = 0x80
const RIGHT_ORIGIN = 0x40
const PARENT_SUB = 0x20
const clockLimit = protocolLimits.clock.value

const refused: Readonly<Record<UpdateRule, readonly (readonly [string, Uint8Array])[]>> = {
  truncated: [
    ['no bytes at all', bytes()],
    ['no delete set', bytes(1, 1, 7, 10, GC, 3)],
    ['a string that is longer than the bytes', item(STRING, 200, [0x61])],
    ['a binary that is longer than the bytes', item(BINARY, 200, [0x61])],
    ['a root name that is longer than the bytes', section(1, STRING, 1, 99, [0x61])],
    ['a subdocument without options', bytes(1, 1, 7, 10, SUBDOCUMENT, 1, 'r', 'guid')],
    ['half a float', item(ANY, 1, [123, 0, 0])],
  ],
  varint: [
    ['nine bytes', bytes(1, 1, LONG_VARINT, 10, GC, 3, 0)],
    ['more than 2^53 - 1', bytes(1, 1, ABOVE_MAX_VARINT, 10, GC, 3, 0)],
    ['a length that lib0 reads as NaN', section(1, GC, NAN_VARINT)],
    ['a length that lib0 reads as Infinity', section(1, GC, INFINITE_VARINT)],
    ['a clock that lib0 reads as Infinity', bytes(1, 1, 7, INFINITE_VARINT, GC, 1, 0)],
    ['a delete clock that lib0 reads as NaN', bytes(0, 1, 7, 1, NAN_VARINT, 1)],
    ['a signed integer of nine bytes', item(ANY, 1, [125], LONG_VARINT)],
    ['a signed integer above 2^53 - 1', item(ANY, 1, [125, ...MAX_VARINT.slice(0, 7), 0x3f])],
  ],
  count: [
    ['more sections than bytes', bytes(2 ** 32, 1, 7, 10, GC, 3, 0)],
    ['more structs than bytes', section(2 ** 25, GC, 3)],
    ['a section without structs', bytes(1, 0, 7, 10, [0, 0, 0, 0])],
    ['more list elements than bytes', item(ANY, 2 ** 53 - 1, [126])],
    ['more array elements than bytes', item(ANY, 1, [117], 1_000, [126])],
    ['more keys than bytes', item(ANY, 1, [118], 1_000, 'a', [126])],
    ['more JSON elements than bytes', item(JSON_LIST, 1_000, '1')],
    ['more delete clients than bytes', bytes(0, 1_000, 7, 1, 3, 4)],
    ['more delete ranges than bytes', bytes(0, 1, 7, 2 ** 40, 3, 4)],
  ],
  'section-order': [
    ['ascending clients', bytes(2, 1, 7, 10, GC, 3, 1, 8, 10, GC, 3, 0)],
    ['a client twice', bytes(2, 1, 7, 10, GC, 3, 1, 7, 13, GC, 3, 0)],
  ],
  clock: [
    ['a struct past 2^48', bytes(1, 1, 7, clockLimit, GC, 1, 0)],
    ['a struct that ends past 2^48', section(1, GC, clockLimit)],
    ['deleted content that ends past 2^48', item(DELETED, 2 ** 53 - 1)],
    ['structs that end past 2^48 together', section(2, GC, clockLimit - 20, GC, 20)],
    ['a reference past 2^48', section(1, [ORIGIN | STRING], 9, clockLimit, 'a')],
    ['a deletion past 2^48', bytes(0, 1, 7, 1, clockLimit - 3, 4)],
  ],
  info: [
    ['a Skip with flags', section(3, GC, 1, [SKIP | PARENT_SUB], 1, GC, 1)],
    ['a GC with flags', section(1, [GC | PARENT_SUB], 1)],
    ['kind 11', section(1, 11, 1, 'r', 1)],
    ['kind 31', section(1, 31, 1, 'r', 1)],
  ],
  skip: [
    ['a Skip alone', section(1, SKIP, 1)],
    ['a Skip first', section(2, SKIP, 1, GC, 1)],
    ['a Skip last', section(2, GC, 1, SKIP, 1)],
  ],
  length: [
    ['an empty GC', section(1, GC, 0)],
    ['an empty Skip', section(3, GC, 1, SKIP, 0, GC, 1)],
    ['empty deleted content', item(DELETED, 0)],
    ['an empty string', item(STRING, '')],
    ['no list elements', item(ANY, 0)],
    ['no JSON elements', item(JSON_LIST, 0)],
    ['an empty deletion', bytes(0, 1, 7, 1, 3, 0)],
  ],
  'parent-info': [['a mark of 2', section(1, STRING, 2, 'r', 'a')]],
  type: [['kind 7', item(TYPE, 7)]],
  utf8: [
    ['a surrogate in a string', item(STRING, 3, [0xed, 0xa0, 0xbd])],
    ['an overlong form in a string', item(STRING, 2, [0xc0, 0xaf])],
    ['half a character in a root name', section(1, STRING, 1, 1, [0xc3], 'a')],
    ['a lone continuation in a key', section(1, STRING | PARENT_SUB, 1, 'r', 1, [0x80], 'a')],
    ['a bad format key', item(FORMAT, 1, [0xff], 'true')],
    ['bad JSON text', item(EMBED, 3, [0x22, 0xff, 0x22])],
    ['a bad element name', item(TYPE, 3, 1, [0xff])],
    ['a bad guid', item(SUBDOCUMENT, 1, [0xff], [118, 0])],
    ['a bad key in a value', item(ANY, 1, [118, 1, 1, 0xff, 126])],
    ['a long string that goes wrong late', item(STRING, 201, new Array(200).fill(0x61), [0xff])],
  ],
  content: [
    ['an unknown value type', item(ANY, 1, [115])],
    ['an unknown value type in an array', item(ANY, 1, [117, 2, 126, 200])],
    ['JSON that is none', item(EMBED, '{"a":}')],
    ['a format without a value', item(FORMAT, 'bold', '')],
    ['undefined as an embed', item(EMBED, 'undefined')],
    ['JSON with something after it', item(JSON_LIST, 1, '1 2')],
    ['subdocument options that are null', item(SUBDOCUMENT, 'guid', [126])],
    ['subdocument options that are a string', item(SUBDOCUMENT, 'guid', [119, 1, 0x61])],
  ],
  nesting: [
    ['65 arrays', item(ANY, 1, new Array(65).fill([117, 1]).flat(), [126])],
    ['65 objects', item(ANY, 1, new Array(65).fill([118, 1, 0]).flat(), [126])],
    ['65 levels of JSON', item(EMBED, `${'['.repeat(65)}${']'.repeat(65)}`)],
    ['100,000 levels of JSON', item(FORMAT, 'x', `${'['.repeat(1e5)}${']'.repeat(1e5)}`)],
  ],
  'own-reference': [
    ['an origin at its own clock', section(1, [ORIGIN | STRING], 7, 10, 'a')],
    ['a right origin in the future', section(1, RIGHT_ORIGIN | STRING, 7, 11, 'a')],
    ['a parent in the future', section(1, STRING, 0, 7, 900, 'a')],
  ],
  'trailing-bytes': [
    ['a byte after the delete set', bytes(0, 0, 0)],
    ['an update in format v2', Y.convertUpdateFormatV1ToV2(item(STRING, 'abc'))],
  ],
}

describe('an update is refused', () => {
  for (const [rule, cases] of Object.entries(refused)) {
    test.each(cases)(`by the rule ${rule}: %s`, (_name, update) => {
      expect(refusal(update)).toBe(rule)
    })
  }

  test('for every rule in at least one way', () => {
    for (const rule of Object.keys(updateRules)) expect(refused).toHaveProperty([rule, 0])
  })

  test('with more clients or deletions than the limits allow', () => {
    const sections = Array.from({ length: 65_537 }, (_, index) => [1, 70_000 - index, 0, GC, 1])
    expect(refusal(bytesOf([65_537, ...sections.flat(), 0]))).toBe('LIMIT_REACHED sections')
    const ranges = new Uint8Array(2 ** 21 + 2).fill(1)
    const deletions = bytes(0, 1, 7, 2 ** 20 + 1, [...ranges])
    expect(refusal(deletions)).toBe('LIMIT_REACHED delete-ranges')
    expect(scanner.scan(deletions, noScanLimits).deleteCount).toBe(2 ** 20 + 1)
    const references = Array.from({ length: 65_537 }, (_, index) => [
      [ORIGIN | DELETED],
      index + 8,
      0,
      1,
    ])
    expect(refusal(bytesOf([1, 65_537, 7, 0, ...references.flat(1), 0]))).toBe(
      'LIMIT_REACHED dependencies',
    )
  })
})

describe('an update is accepted', () => {
  const values = [
    ...[127, 126, 121, 120],
    ...[125, 0x41, ...[125, 0xbf, ...MAX_VARINT.slice(1)]],
    ...[124, 1, 2, 3, 4],
    ...[123, 1, 2, 3, 4, 5, 6, 7, 8],
    ...[122, 1, 2, 3, 4, 5, 6, 7, 8],
    ...[119, 2, 0xc3, 0x9f],
    ...[118, 2, 1, 0x61, 126, 0, 117, 0],
    ...[117, 2, 118, 0, 127],
    ...[116, 2, 0xff, 0xff],
  ]
  test.each<readonly [string, Uint8Array, number]>([
    ['of no structs', bytes(0, 0), 0],
    ['with a GC', section(1, GC, 3), 3],
    ['with a Skip inside', section(3, GC, 1, SKIP, 5, GC, 1), 7],
    ['with deleted content', item(DELETED, 4), 4],
    ['with JSON and undefined', item(JSON_LIST, 3, '{"a":[1e5]}', 'undefined', ' null '), 3],
    ['with binary content, empty too', section(2, BINARY, 1, 'r', '', BINARY, 1, 'r', 'x'), 2],
    ['with a string, counted in UTF-16', item(STRING, 'aß日🎉'), 5],
    ['with a long string, counted in UTF-16', item(STRING, 'aß日🎉'.repeat(50)), 250],
    ['with an embed', item(EMBED, '{"image":"\\ud83d"}'), 1],
    ['with a format, and an empty key', item(FORMAT, '', 'null'), 1],
    [
      'with each type',
      section(7, ...[0, 1, 2, [3, 1, 0x61], 4, [5, 0], 6].flatMap((it) => [TYPE, 1, 'r', it])),
      7,
    ],
    ['with every kind of value', item(ANY, 13, values), 13],
    ['with a value of 64 levels', item(ANY, 1, new Array(64).fill([117, 1]).flat(), [126]), 1],
    ['with JSON of 64 levels', item(EMBED, `${'['.repeat(64)}${']'.repeat(64)}`), 1],
    ['with a subdocument', item(SUBDOCUMENT, 'guid', [118, 0]), 1],
    [
      'with an empty root name and an empty key',
      section(1, STRING | PARENT_SUB, 1, '', '', 'a'),
      1,
    ],
    ['with varints that are longer than needed', section(1, GC, [0x83, 0x80, 0x00]), 3],
    ['with the highest client id and clock', bytes(1, 1, MAX_VARINT, clockLimit - 1, GC, 1, 0), 1],
  ])('%s', (_name, update, clocks) => {
    const scan = scanner.scan(update)
    const taken =
      scan.sectionCount === 0 ? 0 : (scan.sectionTo[0] ?? 0) - (scan.sectionFrom[0] ?? 0)
    expect(taken).toBe(clocks)
    expect(() => Y.decodeUpdate(update)).not.toThrow()
  })
})

describe('a scan', () => {
  test('says where things are', () => {
    const update = bytes(
      ...[2, 2, 300, 5, STRING, 1, 'r', 'ab', [ORIGIN | STRING], 300, 6, 'c'],
      ...[1, 7, 0, RIGHT_ORIGIN | STRING, 300, 5, 'd', 2, 300, 1, 5, 2, 9, 1, 0, 4],
    )
    const scan = scanner.scan(update)
    expect(scan.byteLength).toBe(update.length)
    expect([...scan.sectionClient.subarray(0, 2)]).toEqual([300, 7])
    expect([...scan.sectionFrom.subarray(0, 2)]).toEqual([5, 0])
    expect([...scan.sectionTo.subarray(0, 2)]).toEqual([8, 1])
    expect([...scan.sectionStart.subarray(0, 2)]).toEqual([1, 18])
    expect([...scan.sectionEnd.subarray(0, 2)]).toEqual([18, 27])
    expect([...scan.sectionStructs.subarray(0, 2)]).toEqual([2, 1])
    expect(scan.structCount).toBe(3)
    expect(scan.dependencyCount).toBe(1)
    expect([scan.dependencyClient[0], scan.dependencyClock[0]]).toEqual([300, 5])
    expect(scan.deleteSetStart).toBe(27)
    expect([...scan.deleteClient.subarray(0, scan.deleteCount)]).toEqual([300, 9])
    expect([...scan.deleteFrom.subarray(0, 2)]).toEqual([5, 0])
    expect([...scan.deleteTo.subarray(0, 2)]).toEqual([7, 4])
    expect(scan.rootNames).toEqual(['r'])
  })

  test('forgets the update before it, also one that was refused half way', () => {
    const subdocument = item(SUBDOCUMENT, 'guid', [118, 0])
    scanner.scan(subdocument)
    expect(refusal(bytes(1, 2, 7, 0, SUBDOCUMENT, 1, 'other', 'guid', [118, 0], 31))).toBe('info')
    const scan = scanner.scan(section(1, [ORIGIN | STRING], 9, 1, 'a'))
    expect(scan.subdocumentCount).toBe(0)
    expect(scan.rootNames).toEqual([])
    expect(scan.sectionCount).toBe(1)
    expect(scan.structCount).toBe(1)
    expect(scan.deleteCount).toBe(0)
    expect(scan.dependencyCount).toBe(1)
  })

  test('leaves its root names to whoever keeps them', () => {
    const { rootNames } = scanner.scan(item(STRING, 'a'))
    scanner.scan(section(1, STRING, 1, 'another', 'a'))
    expect(rootNames).toEqual(['r'])
  })

  test('tells many root names apart, each once', () => {
    const names = Array.from({ length: 500 }, (_, index) => `name-${index % 250}-ß`)
    const scan = scanner.scan(section(500, ...names.flatMap((name) => [STRING, 1, name, 'a'])))
    expect(scan.rootNames).toEqual(names.slice(0, 250))
  })

  test('keeps the highest clock of each of thousands of dependencies', () => {
    const references = Array.from({ length: 20_000 }, (_, index) => ({
      client: 2 ** 32 * (index % 3) + 8 + 65_536 * (index % 5_000),
      clock: (index * 7) % 1_000,
    }))
    const structs = references.flatMap(({ client, clock }) => [
      [ORIGIN | DELETED],
      client,
      clock,
      1,
    ])
    const scan = scanner.scan(bytesOf([1, references.length, 7, 0, ...structs, 0]))
    const highest = new Map<number, number>()
    for (const { client, clock } of references) {
      highest.set(client, Math.max(clock, highest.get(client) ?? 0))
    }
    const found = new Map<number, number>()
    for (let index = 0; index < scan.dependencyCount; index++) {
      found.set(scan.dependencyClient[index] ?? -1, scan.dependencyClock[index] ?? -1)
    }
    expect(scan.dependencyCount).toBe(highest.size)
    expect(found).toEqual(highest)
  })
})
