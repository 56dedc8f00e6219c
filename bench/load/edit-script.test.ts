import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { parseTrace } from '../trace-format.js'
import { readUpdateContents } from '../update-contents.js'
import { defaultMix, parseEditMix, pickEdit } from './edit-mix.js'
import { createEditScript } from './edit-script.js'

const options = { clientID: 4_000_000_123, edits: 400, seed: 5, mix: defaultMix }

function apply(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

describe('an edit script', () => {
  test('has one real update for each edit, decided by the seed', () => {
    const script = createEditScript(options)
    expect(script.updates).toHaveLength(400)
    expect(script.updates).toEqual(createEditScript(options).updates)
    expect(script.updates).not.toEqual(createEditScript({ ...options, seed: 6 }).updates)
    expect(apply(script.updates).getText('content').length).toBeGreaterThan(200)
  })

  test('knows the clocks of each edit as Yjs reads them', () => {
    const script = createEditScript({ ...options, mix: parseEditMix('type:2,delete:1,map:1') })
    let pureDeletions = 0
    for (const [edit, update] of script.updates.entries()) {
      const { structs, deletes } = readUpdateContents(update)
      const [first] = structs
      const last = structs.at(-1)
      if (first === undefined || last === undefined) {
        pureDeletions++
        expect(script.clockFrom[edit]).toBe(script.clockTo[edit])
        expect(script.deletionAt[deletes[0]?.clock ?? -1]).toBe(edit + 1)
      } else {
        expect(script.clockFrom[edit]).toBe(first.clock)
        expect(script.clockTo[edit]).toBe(last.clock + last.length)
        expect(script.editAt[first.clock]).toBe(edit + 1)
      }
    }
    expect(pureDeletions).toBeGreaterThan(20)
  })

  test('types a trace, and begins again in another text when it is through', () => {
    const trace = parseTrace(
      JSON.stringify({
        startContent: '',
        endContent: 'a\u{1f600}c',
        txns: [
          { patches: [[0, 0, 'a\u{1f600}b']] },
          { patches: [[2, 1, 'c']] },
          { patches: [[0, 0, '']] },
        ],
      }),
    )
    const doc = apply(createEditScript({ ...options, edits: 5, trace }).updates)
    expect(doc.getText('content').toString()).toBe(' a\u25a1c')
    expect(doc.getText('content-1').toString()).toBe('a\u25a1c')
  })
})

describe('an edit mix', () => {
  test('is read from kinds and weights', () => {
    expect(parseEditMix('type:9,paste:1')).toEqual({
      type: 9,
      delete: 0,
      paste: 1,
      page: 0,
      map: 0,
    })
    expect(pickEdit(parseEditMix('type:9,paste:1'), 0.89)).toBe('type')
    expect(pickEdit(parseEditMix('type:9,paste:1'), 0.91)).toBe('paste')
  })

  test.each(['', 'type', 'type:-1', 'fly:1', 'type:0'])('refuses %j', (text) => {
    expect(() => parseEditMix(text)).toThrow(RangeError)
  })
})
