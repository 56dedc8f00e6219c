import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { snapshotOf, updateOf } from './contract-rule.js'
import {
  decodeDocumentArchive,
  encodeDocumentArchive,
  isDocumentArchive,
} from './document-archive.js'
import type { ExportedDocument } from './document-store.js'

function documentOf(recordCount: number, recordBytes: number): ExportedDocument {
  return {
    name: 'a/b c 🦀',
    epoch: Uint8Array.from({ length: 16 }, (_, index) => index),
    createdAt: 1_700_000_000_000,
    snapshot: snapshotOf(7, 'snapshot', 500),
    records: Array.from({ length: recordCount }, (_, index) => ({
      sequence: 8 + index,
      time: 1_700_000_000_000 + index,
      principal: `p${index % 2}`,
      connection: 'ç',
      update: updateOf(`record ${index}`, recordBytes),
    })),
  }
}

const small = documentOf(3, 20)

describe('an archive', () => {
  test.each([
    ['of a small document', small],
    ['of a document without a snapshot', { ...small, snapshot: undefined }],
    ['of a document without records', { ...small, records: [] }],
  ])('%s gives it back', (_, document) => {
    const archive = encodeDocumentArchive(document)
    expect(isDocumentArchive(archive)).toBe(true)
    expect(decodeDocumentArchive(archive)).toEqual(document)
  })

  test('of a document with records for several sections gives it back', () => {
    const archive = encodeDocumentArchive(documentOf(50, 70_000))
    const again = encodeDocumentArchive(decodeDocumentArchive(archive))
    expect(Buffer.compare(again, archive)).toBe(0)
  })

  test('is refused wherever it is cut', () => {
    const archive = encodeDocumentArchive(small)
    for (let length = 0; length < archive.length; length++) {
      expect(() => decodeDocumentArchive(archive.subarray(0, length))).toThrow()
    }
  })

  test('is refused whichever bit is changed', () => {
    const archive = encodeDocumentArchive(small)
    fc.assert(
      fc.property(fc.nat(archive.length - 1), fc.nat(7), (at, bit) => {
        const changed = Uint8Array.from(archive)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(() => decodeDocumentArchive(changed)).toThrow()
      }),
      { numRuns: 500 },
    )
  })

  test('is refused with sections missing or bytes after its end', () => {
    const archive = encodeDocumentArchive(small)
    const empty = encodeDocumentArchive({ ...small, records: [] })
    const extra = Buffer.concat([archive, Buffer.of(0)])
    expect(() => decodeDocumentArchive(extra)).toThrow('cut')
    const twice = Buffer.concat([archive, empty.subarray(9)])
    expect(() => decodeDocumentArchive(twice)).toThrow('out of place')
  })

  test('of a later version is refused as such', () => {
    const archive = encodeDocumentArchive(small)
    archive[8] = 2
    expect(() => decodeDocumentArchive(archive)).toThrow(
      expect.objectContaining({ code: 'STORE_UNKNOWN_FORMAT' }),
    )
  })

  test('is told from a Yjs update', () => {
    expect(isDocumentArchive(new Uint8Array(0))).toBe(false)
    expect(isDocumentArchive(Uint8Array.of(0, 0))).toBe(false)
    expect(isDocumentArchive(updateOf('CAIRNDO'))).toBe(false)
  })
})
