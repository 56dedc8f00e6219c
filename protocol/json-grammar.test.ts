import { describe, expect, test } from 'vitest'
import { createRandom } from '../runtime/seeded-random.js'
import { checkJson } from './json-grammar.js'

const utf8 = new TextEncoder()

function check(text: string): ReturnType<typeof checkJson> {
  const bytes = utf8.encode(`x${text}y`)
  return checkJson(bytes, 1, bytes.length - 1)
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the grammar of JSON', () => {
  test.each([
    '{}',
    '[]',
    ' [ ] ',
    '{"a":1}',
    ' { "a" : [ 1 , -0.5e+10 , "\\u00e9\\n\\/" , null , true , false ] , "" : { } } ',
    '0',
    '-0',
    '10E5',
    '"\u2028\u007f"',
    '"\\ud800"',
    '\t\r\n 1',
  ])('takes %j', (text) => {
    expect(parses(text)).toBe(true)
    expect(check(text)).toBe(text.trim().charCodeAt(0))
  })

  test.each([
    '',
    ' ',
    '{',
    '[1',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '"a',
    '"a\n"',
    '"\\x"',
    '"\\u12g4"',
    '"\\u12"',
    '01',
    '-',
    '+1',
    '1.',
    '.5',
    '1e',
    '1e+',
    'tru',
    'nulll',
    '1 2',
    '[1}',
    '{"a":1]',
    ']',
    '[]]',
    '\uFEFF1',
    '\u00a01',
    'NaN',
  ])('does not take %j', (text) => {
    expect(parses(text)).toBe(false)
    expect(check(text)).toBe('malformed')
  })

  test('nests 64 levels and no more', () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`
    expect(check(nested(64))).toBe('['.charCodeAt(0))
    expect(check(nested(66))).toBe('too-deep')
    expect(check('['.repeat(1_000_000))).toBe('too-deep')
  })

  test('agrees with JSON.parse on mutated texts', () => {
    const random = createRandom(5)
    const source = '{"a":[1,-2.5e3,"x\\n",{"b":null}],"c":true, "d":[[],{}],"é":false}'
    const letters = '{}[],:"\\0123456789eE+-.untrfals x\n'
    let taken = 0
    for (let round = 0; round < 40_000; round++) {
      let text = source
      for (let edit = 0; edit < 1 + random() * 2; edit++) {
        const at = Math.floor(random() * text.length)
        const letter = letters.charAt(Math.floor(random() * letters.length))
        text = text.slice(0, at) + (random() < 0.7 ? letter : '') + text.slice(at + random() * 3)
      }
      const isTaken = typeof check(text) === 'number'
      if (isTaken !== parses(text)) expect(text).toBe('judged as by JSON.parse')
      if (isTaken) taken++
    }
    expect(taken).toBeGreaterThan(1_000)
  })
})
