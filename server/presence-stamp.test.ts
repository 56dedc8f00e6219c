import { describe, expect, test } from 'vitest'
import { stampState } from './presence-stamp.js'

function stamped(
  json: string,
  fields: Record<string, unknown> = { id: 'ann', name: 'Ann' },
): string {
  return new TextDecoder().decode(stampState(new TextEncoder().encode(json), fields))
}

describe('a stamp', () => {
  test('writes over what a client says it is, and leaves the rest of the state as it is', () => {
    const json = '{"cursor":{"anchor":[1,2]},"user":{"id":"bob","name":"Bob","color":"#f00"}}'
    expect(stamped(json)).toBe(
      '{"cursor":{"anchor":[1,2]},"user":{"id":"ann","name":"Ann","color":"#f00"}}',
    )
  })

  test.each(['{}', '{"user":null}', '{"user":"Bob"}', '{"user":["Bob"]}', '{"user":7}'])(
    'makes a user where there is none: %s',
    (json) => {
      expect(stamped(json)).toBe('{"user":{"id":"ann","name":"Ann"}}')
    },
  )

  test('takes a field away where it has undefined for it', () => {
    expect(stamped('{"user":{"name":"Boss","color":1}}', { id: 'ann', name: undefined })).toBe(
      '{"user":{"color":1,"id":"ann"}}',
    )
  })

  test.each([
    '{"user":{"name":"Ann","name":"Bob"},"user":{"name":"Bob"}}',
    '{"\\u0075ser":{"n\\u0061me":"Bob","id":"bob"}}',
    '{"user":{"name":"Ann"},"user":{"name":"Bob","__proto__":{"name":"Bob"}}}',
  ])('is the only user however often and however written there is one: %s', (json) => {
    expect(stamped(json)).toBe('{"user":{"name":"Ann","id":"ann"}}')
  })

  test('changes no prototype, neither of the server nor of a client that copies', () => {
    const json = '{"__proto__":{"admin":true},"user":{"__proto__":{"admin":true}},"x":1}'
    const text = stamped(json)
    expect(text).not.toContain('admin')
    expect(Object.assign({}, JSON.parse(text)).admin).toBeUndefined()
    expect(Reflect.get({}, 'admin')).toBeUndefined()
  })

  test('is the same again when a client reads and writes the state', () => {
    const text = stamped('{"b":1e20,"a":"\\u00e9\\ud83d\\ude00\\ud800","10":1,"9":-0}')
    expect(JSON.stringify(JSON.parse(text))).toBe(text)
  })
})
