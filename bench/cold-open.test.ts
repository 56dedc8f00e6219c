import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { systemEnvironment } from '../runtime/system-environment.js'
import { measureColdOpen } from './cold-open.js'

test('a compacted document is opened cold as often as asked, by both servers in turn', async () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x'.repeat(100_000))
  doc.getText('text').delete(10, 1_000)
  const update = Y.encodeStateAsUpdate(doc)
  const times = await measureColdOpen({ environment: systemEnvironment, update, repeats: 3 })
  for (const kind of [times.cairn, times.bare]) {
    expect(kind).toHaveLength(3)
    for (const time of kind) expect(time).toBeGreaterThan(0)
  }
})
