import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { formattingConflict } from '../../test/formatting-conflict.js'
import { describeDifference } from './document-difference.js'

/** Two with the same past, of which only the first has the text open and drops needless marks. */
function readers(): { readonly tidied: Y.Doc; readonly untidied: Y.Doc } {
  const { base, both } = formattingConflict()
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

  test('still differ where it has deleted anything else', () => {
    const { tidied, untidied } = readers()
    tidied.getText('text').delete(6, 1)
    expect(describeDifference(tidied, untidied, { mayTidy: true })).toBe('other deletes')
  })
})
