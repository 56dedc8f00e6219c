import { describe, expect, test } from 'vitest'
import { parseDocumentName } from '../protocol/document-name.js'
import { documentUrl } from './document-url.js'

/** The name that a server reads from the address. */
function nameAtServer(name: string): string {
  const { pathname } = new URL(documentUrl('ws://server', name, {}))
  return parseDocumentName(pathname, { prefix: '/', decode: true })
}

describe('the address of a document', () => {
  test.each(['notes', 'a/b c', 'ä🙂', '50% off', 'what?', 'c#', '__proto__', '%', '%zz'])(
    'leads to the document %j',
    (name) => {
      expect(nameAtServer(name)).toBe(name)
    },
  )

  test('of a name that is encoded already is the one that y-websocket makes', () => {
    expect(documentUrl('ws://server', encodeURIComponent('a/b ä'), {})).toBe(
      'ws://server/a%2Fb%20%C3%A4',
    )
    expect(nameAtServer(encodeURIComponent('a/b ä'))).toBe('a/b ä')
  })

  test('has the parameters encoded', () => {
    expect(documentUrl('ws://server', 'n', { 'a b': 'c&d' })).toBe('ws://server/n?a%20b=c%26d')
  })
})
