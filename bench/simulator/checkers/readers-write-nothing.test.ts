import { expect, test } from 'vitest'
import { exported, textUpdate } from '../../../test/simulation-samples.js'
import { ReadersWriteNothing } from './readers-write-nothing.js'

test('a struct of a reader in the log is caught', () => {
  const checker = new ReadersWriteNothing()
  checker.reads(9)
  expect(checker.recovered(exported('d', [textUpdate(7, 'abc')]))).toBeUndefined()
  expect(checker.recovered(exported('d', [textUpdate(9, 'abc')]))).toMatch(/structs of 9/)
  expect(checker.appended('d', 1, textUpdate(7, 'abc'))).toBeUndefined()
  expect(checker.appended('d', 2, textUpdate(9, 'abc'))).toMatch(/structs of 9/)
})
