import * as Y from 'yjs'

/**
 * One update for each edit of two authors who see each other, deletions and a map among them, and the
 * text that comes of them.
 */
export function editedUpdates(edits: number): {
  readonly updates: Uint8Array[]
  readonly text: string
} {
  const updates: Uint8Array[] = []
  const [alice, bob] = [new Y.Doc(), new Y.Doc()]
  const exchange = (from: Y.Doc, to: Y.Doc) =>
    from.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'remote') return
      updates.push(update)
      Y.applyUpdate(to, update, 'remote')
    })
  exchange(alice, bob)
  exchange(bob, alice)
  for (let edit = 0; edit < edits; edit++) {
    const author = edit % 3 === 0 ? bob : alice
    const text = author.getText('text')
    if (edit % 7 === 6) text.delete(0, 2)
    else if (edit % 5 === 4) author.getMap('map').set(`${edit % 2}`, new Y.Doc())
    else text.insert(edit % (text.length + 1), `${edit} `)
  }
  return { updates, text: alice.getText('text').toString() }
}
