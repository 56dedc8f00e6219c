import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { DeliveryReader } from './delivery-reader.js'
import { parseEditMix } from './edit-mix.js'
import { createEditScript } from './edit-script.js'
import { Receipts } from './receipts.js'

const mix = parseEditMix('type:6,delete:2,paste:1,map:1')
const scripts = [70, 3_000_000_000].map((clientID, seed) =>
  createEditScript({ clientID, edits: 200, seed, mix }),
)

/** Reads updates as they come in the middle of a chunk; returns what a client then has. */
function receive(updates: readonly Uint8Array[]): { receipts: Receipts; calls: number } {
  const reader = new DeliveryReader(scripts)
  const receipts = new Receipts(scripts.length)
  let calls = 0
  for (const update of updates) {
    const chunk = new Uint8Array(update.length + 9).fill(1)
    chunk.set(update, 5)
    reader.read(chunk, 5, 5 + update.length, (editor, edit) => {
      calls++
      receipts.take(editor, edit)
    })
  }
  return { receipts, calls }
}

const updatesOf = (editor: number): readonly Uint8Array[] => scripts[editor]?.updates ?? []

describe('a delivery reader', () => {
  test('finds each edit in its own update, once', () => {
    const { receipts, calls } = receive([...updatesOf(0), ...updatesOf(1)])
    expect([...receipts.contiguous]).toEqual([200, 200])
    expect(calls).toBe(400)
  })

  test('finds every edit in a merged update, and only those that are in it', () => {
    const merged = Y.mergeUpdates([...updatesOf(0), ...updatesOf(1).slice(0, 150)])
    expect([...receive([merged]).receipts.contiguous]).toEqual([200, 150])
  })

  test('reads around holes', () => {
    const texts = createEditScript({ clientID: 9, edits: 30, seed: 1, mix: parseEditMix('type:1') })
    const receipts = new Receipts(1)
    const pieces = [...texts.updates.slice(0, 10), ...texts.updates.slice(20)]
    new DeliveryReader([texts]).readMerged(Y.mergeUpdates(pieces), (editor, edit) =>
      receipts.take(editor, edit),
    )
    expect(receipts.count).toBe(20)
    expect(receipts.contiguous[0]).toBe(10)
  })

  test('does not count an edit of which a part is missing', () => {
    const pastes = createEditScript({
      clientID: 9,
      edits: 3,
      seed: 1,
      mix: parseEditMix('paste:1'),
    })
    const doc = new Y.Doc()
    for (const update of pastes.updates) Y.applyUpdate(doc, update)
    const behind = Y.encodeStateVector(new Map([[9, 150]]))
    const found: number[] = []
    const tail = Y.encodeStateAsUpdate(doc, behind)
    new DeliveryReader([pastes]).readMerged(tail, (_editor, edit) => found.push(edit))
    expect(found).toEqual([2])
  })

  test('passes over what no editor wrote', () => {
    const doc = new Y.Doc()
    doc.getText('content').insert(0, 'somebody else')
    expect(receive([Y.encodeStateAsUpdate(doc)]).calls).toBe(0)
  })
})

describe('receipts', () => {
  test('close a hole when the missing edit comes, and count nothing twice', () => {
    const receipts = new Receipts(2)
    expect([0, 2, 3, 2, 0].map((edit) => receipts.take(1, edit))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect([...receipts.contiguous]).toEqual([0, 1])
    expect(receipts.take(1, 1)).toBe(true)
    expect([...receipts.contiguous]).toEqual([0, 4])
    expect(receipts.count).toBe(4)
  })
})
