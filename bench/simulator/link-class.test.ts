import { expect, test } from 'vitest'
import { linkClasses, parseLinkClasses } from './link-class.js'

test('the named classes can be read from a file as they are', () => {
  expect(Object.keys(linkClasses)).toEqual([
    'lan',
    'broadband',
    '4g',
    'lossy-3g',
    'train',
    'hotel-wifi',
    'satellite',
  ])
  expect(parseLinkClasses(JSON.parse(JSON.stringify(linkClasses)))).toEqual(linkClasses)
})

test('a class of a file comes on top, and what it leaves out is nothing', () => {
  const found = parseLinkClasses({ mine: { upstream: [{ type: 'latency', latency: 9 }] } })
  expect(found.mine).toEqual({
    upstream: [{ type: 'latency', latency: 9 }],
    downstream: [],
    outages: [],
  })
  expect(found.lan).toBe(linkClasses.lan)
})

test.each([
  ['a list', [], 'the file must be an object, got []'],
  ['another key', { a: { up: [] } }, 'a: expected upstream, downstream or outages, got "up"'],
  ['no list', { a: { upstream: {} } }, 'a.upstream must be a list, got {}'],
  ['a bad toxic', { a: { downstream: [1] } }, 'a.downstream[0] must be an object with a "type"'],
  ['no times', { a: { outages: [{ toxic: { type: 'down' } }] } }, 'a.outages[0] needs "every" and'],
])('%s is refused by its place', (_what, value, message) => {
  expect(() => parseLinkClasses(value)).toThrow(message)
})
