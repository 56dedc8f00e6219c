import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createRandom } from '../runtime/seeded-random.js'
import { ByteWriter } from './byte-writer.js'
import { DeleteRanges } from './delete-ranges.js'
import { UpdateScanner } from './update-scanner.js'

type Range = readonly [client: number, from: number, to: number]

const scanner = new UpdateScanner()

function rangesOf(...ranges: readonly Range[]): DeleteRanges {
  const result = new DeleteRanges()
  for (const range of ranges) result.add(...range)
  return result
}

function list(ranges: DeleteRanges): Range[] {
  const found: Range[] = []
  ranges.forEach((client, from, to) => {
    found.push([client, from, to])
  })
  return found
}

/** The delete set as it comes, one group for each range. */
function encodeLoosely(ranges: readonly Range[]): Uint8Array {
  const writer = new ByteWriter(16)
  writer.writeVarUint(ranges.length)
  for (const [client, from, to] of ranges) {
    for (const value of [client, 1, from, to - from]) writer.writeVarUint(value)
  }
  return writer.finish()
}

function scanOf(deleteSet: Uint8Array) {
  return scanner.scan(Uint8Array.from([0, ...deleteSet]))
}

describe('adding a range', () => {
  test('joins what touches or overlaps, and says whether that added anything', () => {
    const ranges = new DeleteRanges()
    expect(ranges.add(1, 10, 20)).toBe(true)
    expect(ranges.add(1, 20, 25)).toBe(true)
    expect(ranges.add(1, 22, 30)).toBe(true)
    expect(ranges.add(1, 12, 30)).toBe(false)
    expect(list(ranges)).toEqual([[1, 10, 30]])
    expect(ranges.add(1, 40, 50)).toBe(true)
    expect(ranges.add(1, 0, 5)).toBe(true)
    expect(ranges.add(2, 0, 1)).toBe(true)
    expect(list(ranges)).toEqual([
      [1, 0, 5],
      [1, 10, 30],
      [1, 40, 50],
      [2, 0, 1],
    ])
    expect(ranges.rangeCount).toBe(4)
    expect(ranges.add(1, 4, 41)).toBe(true)
    expect(list(ranges)).toEqual([
      [1, 0, 50],
      [2, 0, 1],
    ])
    expect(ranges.rangeCount).toBe(2)
    expect(ranges.add(3, 7, 7)).toBe(false)
    expect(ranges.has(3)).toBe(false)
  })

  test('agrees with a set of clocks, one by one and many at once', () => {
    const random = createRandom(9)
    for (let round = 0; round < 200; round++) {
      const single = new DeleteRanges()
      const bulk = new DeleteRanges()
      const united = new DeleteRanges()
      const clocks = new Set<number>()
      // A few at a time are put in one by one, many are merged in one pass.
      const scale = round % 10 === 0 ? 30 : 1
      for (let step = 0; step < 8; step++) {
        const added: Range[] = Array.from({ length: 1 + Math.floor(random() * 12 * scale) }, () => {
          const from = Math.floor(random() * 150 * scale)
          return [1 + Math.floor(random() * 2), from, from + 1 + Math.floor(random() * 9)]
        })
        const before = clocks.size
        const { rangeCount } = single
        const triples = added.flat()
        let isNew = false
        for (const [client, from, to] of added) {
          for (let clock = from; clock < to; clock++) clocks.add(client * 10_000 + clock)
          if (single.add(client, from, to)) isNew = true
        }
        expect(isNew).toBe(clocks.size > before)
        expect(bulk.addScan(scanOf(encodeLoosely(added)))).toBe(isNew)
        expect(bulk.equals(single)).toBe(true)
        const growth = united.growthBy(DeleteRanges.of(triples))
        expect(rangeCount + growth).toBe(single.rangeCount)
        const isTogether = step % 2 === 0
        const isUnited = isTogether
          ? united.addAll(DeleteRanges.of(triples))
          : united.addTriples(triples)
        expect(isUnited).toBe(isNew)
        expect(united.equals(single)).toBe(true)
        expect(united.rangeCount).toBe(single.rangeCount)
      }
      for (let from = 0; from < 160; from += 7) {
        const to = from + 1 + Math.floor(random() * 4)
        const isCovered = [1, 2].map((client) => {
          for (let clock = from; clock < to; clock++) {
            if (!clocks.has(client * 10_000 + clock)) return false
          }
          return true
        })
        expect([single.covers(1, from, to), single.covers(2, from, to)]).toEqual(isCovered)
      }
      expect(single.rangeCount).toBe(list(single).length)
      expect(DeleteRanges.decode(single.encode()).equals(bulk)).toBe(true)
    }
  })

  test('takes hundreds of thousands in a hostile order', () => {
    const backwards: Range[] = Array.from({ length: 300_000 }, (_, index) => {
      const from = 2 * (300_000 - index)
      return [index % 2, from, from + 1]
    })
    const ranges = DeleteRanges.decode(encodeLoosely(backwards))
    expect(ranges.rangeCount).toBe(300_000)
    expect(ranges.addScan(scanOf(encodeLoosely(backwards)))).toBe(false)
  })

  test('takes a few among very many without a pass over all of them', () => {
    const ranges = new DeleteRanges()
    for (let at = 0; at < 250_000; at++) ranges.add(1, 4 * at, 4 * at + 1)
    // With a pass each these take a minute.
    for (let at = 0; at < 20_000; at++) {
      const starts = [0, 40_000, 80_000, 120_000, 160_000].map((start) => 4 * (start + at) + 1)
      expect(ranges.addTriples(starts.flatMap((from) => [1, from, from + 1]))).toBe(true)
    }
    expect(ranges.rangeCount).toBe(250_000)
  })

  test('reads back more of them than one update may bring', () => {
    const ranges = new DeleteRanges()
    for (let clock = 0; clock <= 1_048_576; clock++) ranges.add(1, 2 * clock, 2 * clock + 1)
    expect(DeleteRanges.decode(ranges.encode()).rangeCount).toBe(1_048_577)
  })
})

describe('the encoding', () => {
  test('is the delete set that Yjs writes', () => {
    const documents = [7, 3_000_000_000, 300].map((clientID) => {
      const doc = new Y.Doc({ gc: false })
      doc.clientID = clientID
      doc.getText('t').insert(0, 'abcdefghij')
      return doc
    })
    const whole = new Y.Doc({ gc: false })
    for (const doc of documents) Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc))
    for (const at of [25, 20, 14, 13, 3, 0]) whole.getText('t').delete(at, 2)
    const update = Y.encodeStateAsUpdate(whole)
    const scan = scanner.scan(update)
    const deleteSet = update.subarray(scan.deleteSetStart)
    const ranges = new DeleteRanges()
    expect(ranges.addScan(scan)).toBe(true)
    expect(ranges.encode()).toEqual(deleteSet)
    expect(DeleteRanges.decode(deleteSet).encode()).toEqual(deleteSet)
  })

  test('of nothing is one byte', () => {
    expect(new DeleteRanges().encode()).toEqual(Uint8Array.of(0))
    expect(DeleteRanges.decode(Uint8Array.of(0)).rangeCount).toBe(0)
  })

  test('is made once until something is added', () => {
    const ranges = rangesOf([1, 0, 5])
    const encoded = ranges.encode()
    ranges.add(1, 2, 3)
    expect(ranges.encode()).toBe(encoded)
    ranges.add(1, 5, 6)
    expect(ranges.encode()).not.toEqual(encoded)
  })

  test('is checked when it is read', () => {
    const error = (rule: string) => expect.objectContaining({ code: 'MALFORMED_UPDATE', rule })
    const decode =
      (...bytes: number[]) =>
      () =>
        DeleteRanges.decode(Uint8Array.from(bytes))
    expect(decode()).toThrow(error('truncated'))
    expect(decode(0, 0)).toThrow(error('trailing-bytes'))
    expect(decode(1, 7, 1, 3, 0)).toThrow(error('length'))
    expect(decode(1, 7, 9, 3, 1)).toThrow(error('count'))
  })
})

describe('comparison', () => {
  const ranges = rangesOf([1, 0, 5], [1, 10, 20], [2, 3, 4])

  test('a clone is equal and goes its own way', () => {
    const clone = ranges.clone()
    expect(clone.equals(ranges)).toBe(true)
    expect(clone.rangeCount).toBe(3)
    clone.add(2, 4, 5)
    expect(clone.equals(ranges)).toBe(false)
    expect(ranges.equals(clone)).toBe(false)
    expect(ranges.covers(2, 4, 5)).toBe(false)
    expect(clone.encode()).not.toEqual(ranges.encode())
  })

  test('equality asks for the same clients and clocks', () => {
    expect(ranges.equals(rangesOf([2, 3, 4], [1, 10, 20], [1, 0, 5]))).toBe(true)
    expect(ranges.equals(rangesOf([3, 3, 4], [1, 10, 20], [1, 0, 5]))).toBe(false)
    expect(ranges.equals(rangesOf([2, 3, 4], [1, 10, 20], [1, 0, 6]))).toBe(false)
    expect(ranges.equals(rangesOf([1, 0, 5], [1, 10, 20]))).toBe(false)
  })

  test('inclusion asks that every clock is there', () => {
    expect(ranges.includes(rangesOf())).toBe(true)
    expect(ranges.includes(ranges)).toBe(true)
    expect(ranges.includes(rangesOf([1, 1, 2], [1, 3, 5], [1, 19, 20]))).toBe(true)
    expect(ranges.includes(rangesOf([1, 4, 6]))).toBe(false)
    expect(ranges.includes(rangesOf([1, 0, 1], [1, 19, 21]))).toBe(false)
    expect(ranges.includes(rangesOf([9, 0, 1]))).toBe(false)
    expect(rangesOf().includes(ranges)).toBe(false)
  })
})
