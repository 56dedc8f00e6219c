import { describe, expect, test } from 'vitest'
import { parseDocumentName } from './document-name.js'

function error(rule: string) {
  return expect.objectContaining({ code: 'INVALID_NAME', rule })
}

describe('a document name', () => {
  test.each([
    ['/notes', 'notes'],
    ['/a/b%20c', 'a/b c'],
    ['/a/b c', 'a/b c'],
    ['/%F0%9F%8E%89', '🎉'],
    ['/__proto__', '__proto__'],
    ['/constructor', 'constructor'],
    ['/..', '..'],
    ['//', '/'],
    ['/a+b#c', 'a+b#c'],
    ['/%00%2F%3F', '\0/?'],
    ['/notes?token=a/b?c', 'notes'],
  ])('of the path %j is %j', (path, name) => {
    expect(parseDocumentName(path)).toBe(name)
  })

  test.each([
    ['/', 'empty'],
    ['/?room=x', 'empty'],
    ['', 'path'],
    ['notes', 'path'],
    ['http://host/notes', 'path'],
    ['/%', 'encoding'],
    ['/%f', 'encoding'],
    ['/%ff', 'encoding'],
    ['/%C0%AF', 'encoding'],
    ['/%ED%A0%80', 'encoding'],
    ['/Gr\u00f6\u00dfe', 'encoding'],
  ])('is not in the path %j: %s', (path, rule) => {
    expect(() => parseDocumentName(path)).toThrow(error(rule))
  })

  test('takes 1,000 bytes of UTF-8 and no more, unless told otherwise', () => {
    const name = 'ß'.repeat(500)
    const path = `/${encodeURIComponent(name)}`
    expect(parseDocumentName(path)).toBe(name)
    expect(() => parseDocumentName(`${path}x`)).toThrow(error('length'))
    expect(parseDocumentName(`${path}x`, { maxBytes: 1_001 })).toBe(`${name}x`)
    expect(() => parseDocumentName('/abc', { maxBytes: 2 })).toThrow(error('length'))
  })

  test('stays as it stands in the URL on request', () => {
    expect(parseDocumentName('/a%20b%', { decode: false })).toBe('a%20b%')
  })

  test.each(['/collab', '/collab/', 'collab'])('may stand behind the prefix %s', (prefix) => {
    expect(parseDocumentName('/collab/a/b', { prefix })).toBe('a/b')
    expect(() => parseDocumentName('/collab', { prefix })).toThrow(error('path'))
    expect(() => parseDocumentName('/collaborate/a', { prefix })).toThrow(error('path'))
    expect(() => parseDocumentName('/collab/', { prefix })).toThrow(error('empty'))
  })
})
