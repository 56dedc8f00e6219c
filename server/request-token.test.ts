import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { requestToken } from './request-token.js'

function subprotocol(token: string): string {
  return `cairn.token.${Buffer.from(token).toString('base64url')}`
}

describe('the token of a request', () => {
  test('comes as a subprotocol, before the header, before the query', () => {
    const url = '/notes?token=of-query'
    const authorization = 'Bearer of-header'
    const protocols = { 'sec-websocket-protocol': `cairn.v1, ${subprotocol('of-protocol ß')}` }
    expect(requestToken({ url, headers: { ...protocols, authorization } })).toBe('of-protocol ß')
    expect(requestToken({ url, headers: { authorization } })).toBe('of-header')
    expect(requestToken({ url, headers: {} })).toBe('of-query')
    expect(requestToken({ url: '/notes', headers: {} })).toBeUndefined()
  })

  test('in the query is percent-decoded, and no other parameter is taken for it', () => {
    expect(requestToken({ url: '//a?x=1&token=a%2Bb%20c', headers: {} })).toBe('a+b c')
    expect(requestToken({ url: '/a?tokens=1&token=', headers: {} })).toBeUndefined()
  })

  test.each([
    ['is empty', 'cairn.token.'],
    ['is no base64url', 'cairn.token.a+b/'],
    ['is padded', 'cairn.token.YQ=='],
    ['has a character too few', 'cairn.token.YWJj1'],
    ['is no UTF-8', `cairn.token.${Buffer.of(0xff, 0xfe).toString('base64url')}`],
  ])('that %s counts as none', (_what, protocol) => {
    const headers = { 'sec-websocket-protocol': protocol }
    expect(requestToken({ url: '/notes', headers })).toBeUndefined()
  })

  test('of another scheme is not a bearer token', () => {
    const headers = { authorization: 'Basic YTpi' }
    expect(requestToken({ url: '/notes', headers })).toBeUndefined()
  })

  test('may have 8 KiB, wherever it stands', () => {
    const token = 'x'.repeat(8_192)
    const long = `${token}x`
    expect(requestToken({ url: `/notes?token=${token}`, headers: {} })).toBe(token)
    for (const request of [
      { url: `/notes?token=${long}`, headers: {} },
      { url: '/notes', headers: { authorization: `Bearer ${long}` } },
      { url: '/notes', headers: { 'sec-websocket-protocol': subprotocol(long) } },
    ]) {
      expect(() => requestToken(request)).toThrow(
        expect.objectContaining({ code: 'UNAUTHENTICATED', closeCode: 4401 }),
      )
    }
  })
})
