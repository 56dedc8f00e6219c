import { expect, test } from 'vitest'
import { exported, textUpdate } from '../../../test/simulation-samples.js'
import { LogHistory } from './log-history.js'

const [first, second] = [textUpdate(7, 'abc'), textUpdate(8, 'de')]

function history(): LogHistory {
  const checker = new LogHistory()
  checker.appended('d', 1, first)
  checker.appended('d', 2, second)
  return checker
}

test('a log that holds what was appended is whole', () => {
  expect(history().recovered(exported('d', [first, second]), false)).toBeUndefined()
})

test('a log that lacks a record is caught', () => {
  expect(history().recovered(exported('d', [first]), false)).toMatch(
    /client 8 ends at clock 0 and 2/,
  )
})

test('another record under a known sequence is caught', () => {
  expect(history().appended('d', 2, first)).toMatch(/sequence 2 was given to two records/)
  expect(history().recovered(exported('d', [second, first]), false)).toMatch(/given to two records/)
})

test('a hole is caught, and so is what the store says of itself', () => {
  expect(history().appended('d', 4, first)).toMatch(/sequence 4 came without 3/)
  const damaged = { ...exported('d', [first, second]), problems: ['a bad checksum'] }
  expect(history().recovered(damaged, false)).toBe('document d: a bad checksum')
})

test('a record that only an inspection has found may be lost again, until a server has opened it', () => {
  const checker = new LogHistory()
  checker.appended('d', 1, first)
  const [whole, cut] = [exported('d', [first, second]), exported('d', [first])]
  expect(checker.recovered(whole, false)).toBeUndefined()
  expect(checker.recovered(cut, false)).toBeUndefined()
  checker.opened('d', [{ sequence: 2, update: second }])
  expect(checker.recovered(whole, false)).toBeUndefined()
  expect(checker.recovered(cut, false)).toMatch(/client 8 ends at clock 0 and 2/)
})
