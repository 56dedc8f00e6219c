import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { parseEditMix } from './edit-mix.js'
import { createEditScript } from './edit-script.js'
import { differences, documentOf, wholeDocument } from './witness-check.js'

const mix = parseEditMix('type:6,delete:2,map:2')
const scripts = [5, 900].map((clientID) =>
  createEditScript({ clientID, edits: 120, seed: clientID, mix }),
)
const [first = [], second = []] = scripts.map(({ updates }) => updates)
const whole = wholeDocument(scripts)

describe('the comparison of documents', () => {
  test('finds nothing between replicas that got the same in another order', () => {
    expect(differences(whole, documentOf([...second, ...first]))).toEqual([])
    expect(differences(whole, documentOf([Y.mergeUpdates([...first, ...second])]))).toEqual([])
  })

  test('finds a lost edit', () => {
    const found = differences(whole, documentOf([...first, ...second.slice(0, -8)]))
    expect(found[0]).toMatch(/^differs in the state vector: 1 clients, the first is 900 at \d+/)
  })

  test('finds a hole, behind which updates wait', () => {
    const lossy = [...first, ...second.filter((_update, index) => index !== 3)]
    expect(differences(whole, documentOf(lossy))).toContain('has updates that wait for others')
  })

  test('finds a lost deletion', () => {
    const isDeletion = (update: Uint8Array): boolean => update[0] === 0
    expect(first.some(isDeletion)).toBe(true)
    const kept = first.filter((update) => !isDeletion(update))
    const found = differences(whole, documentOf([...kept, ...second]))
    expect(found).toEqual(['differs in the delete set', 'differs in the content'])
  })

  test('finds what nobody wrote', () => {
    const stranger = new Y.Doc()
    stranger.getText('content').insert(0, 'x')
    const found = documentOf([...first, ...second, Y.encodeStateAsUpdate(stranger)])
    expect(differences(whole, found)).toHaveLength(2)
  })
})
