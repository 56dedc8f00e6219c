import { expect, test } from 'vitest'
import { EventTrace } from './event-trace.js'

function traceOf(...events: readonly (readonly [number, number])[]): EventTrace {
  const trace = new EventTrace(2)
  for (const [at, order] of events) trace.event(at, order)
  return trace
}

test('the same events give the same hash; another one, or another order, gives another', () => {
  const hash = traceOf([1, 1], [2, 2]).hash
  expect(hash).toMatch(/^[0-9a-f]{16}$/)
  expect(traceOf([1, 1], [2, 2]).hash).toBe(hash)
  expect(traceOf([2, 2], [1, 1]).hash).not.toBe(hash)
  expect(traceOf([1, 1], [2, 3]).hash).not.toBe(hash)
  expect(traceOf([1, 1], [2.001, 2]).hash).not.toBe(hash)
})

test('only the last lines are kept, and every line counts for the hash', () => {
  const [short, long] = [traceOf(), traceOf()]
  for (let line = 0; line < 9; line++) long.note(line, `line ${line}`)
  for (let line = 7; line < 9; line++) short.note(line, `line ${line}`)
  expect(long.tail).toEqual([
    { at: 7, what: 'line 7' },
    { at: 8, what: 'line 8' },
  ])
  expect(short.tail).toEqual(long.tail)
  expect(short.hash).not.toBe(long.hash)
})
