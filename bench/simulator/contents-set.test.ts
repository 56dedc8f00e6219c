import { expect, test } from 'vitest'
import { ContentsSet } from './contents-set.js'

const structs = (clientID: number, clock: number, length: number) => ({
  structs: [{ clientID, clock, length }],
  deletes: [],
})
const deletes = (clientID: number, clock: number, length: number) => ({
  structs: [],
  deletes: [{ clientID, clock, length }],
})

test('what was added is known, and what is beyond it is named', () => {
  const set = new ContentsSet()
  set.add(structs(1, 0, 5))
  set.add(deletes(1, 2, 2))
  expect(set.lacks(structs(1, 3, 2))).toBeUndefined()
  expect(set.lacks(structs(1, 3, 3))).toBe('client 1 through clock 5, known are 5')
  expect(set.lacks(structs(2, 0, 1))).toBe('client 2 through clock 0, known are 0')
  expect(set.lacks(deletes(1, 2, 2))).toBeUndefined()
  expect(set.lacks(deletes(1, 1, 2))).toBe('the delete of client 1, clocks 1 to 2')
})

test('a copy has what was there, and what is added to the one the other has not', () => {
  const set = new ContentsSet()
  set.addClocks(new Map([[1, 5]]))
  set.add(deletes(1, 2, 2))
  const copy = set.copy()
  expect(copy.lacksOf(set)).toBeUndefined()
  set.add(deletes(1, 0, 1))
  set.addClocks(new Map([[1, 3]]))
  expect(copy.lacksOf(set)).toBe('the delete of client 1, clocks 0 to 0')
  expect(set.endOf(1)).toBe(5)
})

test('sets are compared whole', () => {
  const [small, large] = [new ContentsSet(), new ContentsSet()]
  for (const set of [small, large]) set.add(structs(1, 0, 5))
  large.add(deletes(1, 0, 1))
  expect(large.lacksOf(small)).toBeUndefined()
  expect(small.lacksOf(large)).toBe('the delete of client 1, clocks 0 to 0')
})
