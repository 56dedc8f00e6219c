import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { formattingConflict } from '../../test/formatting-conflict.js'
import { describeDifference } from './document-difference.js'

/** Two with the same past, of which only the first has the text open and drops needless marks. */
function readers({ base, both } = formattingConflict()): {
  readonly tidied: Y.Doc
  readonly untidied: Y.Doc
} {
  const [tidied, untidied] = [new Y.Doc(), new Y.Doc()]
  tidied.getText('text')
  for (const doc of [tidied, untidied])
    for (const update of [base, ...both]) Y.applyUpdate(doc, update)
  return { tidied, untidied }
}

describe('two documents of which one has dropped formatting marks that say nothing', () => {
  test('differ in their deletes', () => {
    const { tidied, untidied } = readers()
    expect(describeDifference(tidied, untidied)).toBe('other deletes')
  })

  test('are taken for equal where it may do so, but not the other way round', () => {
    const { tidied, untidied } = readers()
    expect(describeDifference(tidied, untidied, { mayTidy: true })).toBeUndefined()
    expect(describeDifference(untidied, tidied, { mayTidy: true })).toBe('other deletes')
  })

  test('may look otherwise when what made the marks needless is taken back, but not in their words', () => {
    const conflict = formattingConflict()
    const differing = conflict.undone.map((undone) => {
      const { tidied, untidied } = readers(conflict)
      for (const doc of [tidied, untidied]) Y.applyUpdate(doc, undone)
      expect(describeDifference(tidied, untidied, { mayTidy: true })).toBeUndefined()
      const [left, right] = [tidied, untidied].map((doc) => doc.getText('text').toDelta())
      return !isDeepStrictEqual(left, right)
    })
    // The marks of one of the two were dropped, so it shows when the other takes his back.
    expect(differing.sort()).toEqual([false, true])
  })

  test('still differ where it has deleted anything else', () => {
    const { tidied, untidied } = readers()
    tidied.getText('text').delete(6, 1)
    expect(describeDifference(tidied, untidied, { mayTidy: true })).toBe('other deletes')
  })
})
