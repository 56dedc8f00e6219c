import * as Y from 'yjs'

interface FormattingConflict {
  readonly base: Uint8Array
  /** What each of the two did. */
  readonly both: Uint8Array[]
  /** How each of them takes it back, without having seen the other. */
  readonly undone: Uint8Array[]
}

/**
 * A text that two people make bold at the same time: whoever takes in both drops the marks of one,
 * by itself, since they say nothing any more, if it has the text open.
 * @param clientID of the first of three
 */
export function formattingConflict(clientID = 100): FormattingConflict {
  const author = new Y.Doc()
  author.clientID = clientID
  author.getText('text').insert(0, 'both of us')
  const base = Y.encodeStateAsUpdate(author)
  const made = [1, 2].map((offset) => {
    const doc = new Y.Doc()
    doc.clientID = clientID + offset
    Y.applyUpdate(doc, base)
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    const history = new Y.UndoManager(doc.getText('text'))
    doc.getText('text').format(0, 4, { bold: true })
    const formatted = Y.mergeUpdates(updates.splice(0))
    history.undo()
    return { formatted, undone: Y.mergeUpdates(updates) }
  })
  return {
    base,
    both: made.map(({ formatted }) => formatted),
    undone: made.map(({ undone }) => undone),
  }
}
