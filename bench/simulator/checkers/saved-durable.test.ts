import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { clientWith, exported, textUpdate } from '../../../test/simulation-samples.js'
import { ContentsSet, contentsOf } from '../contents-set.js'
import { SavedDurable } from './saved-durable.js'

const update = textUpdate(7, 'abc')
const claim = claimOf(update)

function claimOf(...updates: readonly Uint8Array[]) {
  const contents = new ContentsSet()
  for (const one of updates) contents.add(contentsOf(one))
  return { name: 'somebody', documentName: 'd', contents }
}

/** What erasing the first character of `update` says. */
function erasure(): Uint8Array {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const before = Y.encodeStateVector(doc)
  doc.getText('text').delete(0, 1)
  return Y.encodeStateAsUpdate(doc, before)
}

test('what the store called durable may be said to be saved, after compaction and opening too', () => {
  const [appended, compacted, opened] = [new SavedDurable(), new SavedDurable(), new SavedDurable()]
  appended.appended('d', 1, update)
  compacted.compacted('d', update)
  opened.opened('d', [{ update }])
  for (const checker of [appended, compacted, opened]) expect(checker.saved(claim)).toBeUndefined()
})

test('saying so before is caught, for deletes too, and for another document', () => {
  const checker = new SavedDurable()
  checker.appended('other', 1, update)
  expect(checker.saved(claim)).toBe(
    'somebody says saved, and in document d is not: client 7 through clock 2, known are 0',
  )
  checker.appended('d', 1, update)
  expect(checker.saved(claimOf(update, erasure()))).toMatch(/is not: the delete of client 7/)
  checker.appended('d', 2, erasure())
  expect(checker.saved(claimOf(update, erasure()))).toBeUndefined()
})

test('what was said to be saved must be on the disk of a dead server, unless that may be lost', () => {
  const checker = new SavedDurable()
  checker.appended('d', 1, update)
  checker.saved(claim)
  expect(checker.recovered(exported('d', [update]), false)).toBeUndefined()
  expect(checker.recovered(exported('d', []), false)).toMatch(/not on the disk is: client 7/)
  expect(checker.recovered(exported('d', []), true)).toBeUndefined()
  expect(checker.recovered(exported('d', []), false)).toBeUndefined()
  expect(checker.saved(claim)).toMatch(/somebody says saved/)
})

test('who is healed says so in the end, and has told those who wait', () => {
  const checker = new SavedDurable()
  const saving = { mayWrite: true, isSaved: true, unsavedChanges: 0, waiting: 0 }
  const rested = (change: Partial<typeof saving>) =>
    checker.rested([{ ...clientWith('somebody', 'd', 7, ''), saving: { ...saving, ...change } }])
  expect(rested({})).toBeUndefined()
  expect(rested({ isSaved: false })).toBe('somebody does not say that all is saved')
  expect(rested({ isSaved: false, mayWrite: false })).toBeUndefined()
  expect(rested({ unsavedChanges: 2 })).toBe('2 changes of somebody are not saved')
  expect(rested({ waiting: 1 })).toMatch(/^1 who wait for somebody/)
})
