import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatTable, formatTime } from './format.js'

test('a size has the unit that keeps it readable', () => {
  expect([0, 1023, 1024, 1536, 3 * 1024 ** 2, 5 * 1024 ** 5].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '3.0 MiB',
    '5120.0 TiB',
  ])
})

test('a time is in UTC to the second, and a number where it is no time', () => {
  expect(formatTime(1_700_000_000_999)).toBe('2023-11-14T22:13:20Z')
  expect(formatTime(1e17)).toBe('100000000000000000')
})

test('a table is aligned and ends no line with blanks', () => {
  const rows = [
    ['A', 'NAME'],
    ['long cell', 'x'],
  ]
  expect(formatTable(rows)).toBe('A          NAME\nlong cell  x\n')
})

test('a count has its noun in the right number', () => {
  expect([formatCount(0, 'record'), formatCount(1, 'record')]).toEqual(['0 records', '1 record'])
})
