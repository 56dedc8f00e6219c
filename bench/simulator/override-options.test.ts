import { expect, test } from 'vitest'
import { parseOverrides } from './override-options.js'

const links = ['lan', 'train']

test('options are taken as they stand, and kinds of edits that are left out do not come', () => {
  const given = { editors: 2, faults: { crash: 500 }, links: ['train'], durability: 'os' }
  expect(parseOverrides(given, links)).toEqual(given)
  expect(parseOverrides({ edits: { type: 1 } }, links).edits).toMatchObject({ type: 1, paste: 0 })
})

test.each([
  ['no object', 7, 'expected the options as an object, got 7'],
  ['an unknown option', { editor: 2 }, 'option editor is not known'],
  ['another kind', { editors: '2' }, 'option editors must be a number, got "2"'],
  ['an unknown fault', { faults: { flood: 1 } }, 'option faults: expected crash, '],
  ['an unknown link', { links: ['sea'] }, 'option links: expected lan, train, got "sea"'],
  ['an unknown edit', { edits: { draw: 1 } }, 'option edits: expected type, '],
  ['an unknown durability', { durability: 'memory' }, 'option durability: expected fsync, os'],
])('%s is refused', (_what, value, message) => {
  expect(() => parseOverrides(value, links)).toThrow(message)
})
