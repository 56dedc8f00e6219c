import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { describeAsJson } from './document-json.js'
import { loadDocument } from './load-document.js'

/** What comes back from the bytes of what `change` made, where no root type is known any more. */
function describeStored(change: (doc: Y.Doc) => void): unknown {
  const doc = new Y.Doc()
  change(doc)
  const record = { sequence: 1, time: 0, principal: '', connection: '' }
  const update = Y.encodeStateAsUpdate(doc)
  return describeAsJson(loadDocument({ snapshot: undefined, records: [{ ...record, update }] }))
}

describe('a stored document as JSON', () => {
  test('has each root type as what it was used for', () => {
    const json = describeStored((doc) => {
      doc.getText('text').insert(0, 'bold', { bold: true })
      doc.getText('text').insertEmbed(4, { image: 'x' })
      doc.getArray('array').push([1, 'two', null, true])
      doc.getMap('map').set('key', { nested: [1.5] })
      const paragraph = new Y.XmlElement('p')
      paragraph.insert(0, [new Y.XmlText('hello')])
      doc.getXmlFragment('xml').push([paragraph])
    })
    expect(json).toEqual({
      array: [1, 'two', null, true],
      map: { key: { nested: [1.5] } },
      text: 'bold',
      xml: '<p>hello</p>',
    })
  })

  test('has nested types, binary values, big integers and subdocuments', () => {
    const json = describeStored((doc) => {
      const map = doc.getMap('map')
      map.set('text', new Y.Text('inner'))
      map.set('array', Y.Array.from([new Y.Map([['a', 1]])]))
      map.set('xml', new Y.XmlElement('br'))
      map.set('bytes', Uint8Array.of(1, 2, 255))
      map.set('big', 2n ** 60n)
      map.set('undefined', undefined)
      map.set('infinite', Number.POSITIVE_INFINITY)
      map.set('document', new Y.Doc({ guid: 'a-guid' }))
    })
    expect(json).toEqual({
      map: {
        text: 'inner',
        array: [{ a: 1 }],
        xml: '<br></br>',
        bytes: 'AQL/',
        big: '1152921504606846976',
        undefined: null,
        infinite: null,
        document: 'a-guid',
      },
    })
  })

  test('keeps the last value of a key and leaves out what was deleted', () => {
    const json = describeStored((doc) => {
      const map = doc.getMap('map')
      map.set('kept', 1)
      map.set('kept', 2)
      map.set('gone', 1)
      map.delete('gone')
      doc.getArray('array').push([1, 2, 3])
      doc.getArray('array').delete(1, 1)
      doc.getText('emptied').insert(0, 'x')
      doc.getText('emptied').delete(0, 1)
    })
    expect(json).toEqual({ array: [1, 3], emptied: null, map: { kept: 2 } })
  })

  test('has a root type that was used both as a map and as a list', () => {
    const json = describeStored((doc) => {
      const root = doc.getMap('both')
      root.set('key', 1)
      const other = new Y.Doc()
      other.getArray('both').push([2])
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    })
    expect(json).toEqual({ both: { map: { key: 1 }, list: [2] } })
  })

  test('loses no name that means something to JavaScript', () => {
    const json = describeStored((doc) => {
      doc.getMap('__proto__').set('__proto__', 'value')
      doc.getText('constructor').insert(0, 'x')
    })
    expect(JSON.stringify(json)).toBe('{"__proto__":{"__proto__":"value"},"constructor":"x"}')
  })
})
