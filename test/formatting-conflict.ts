import * as Y from 'yjs'

/**
 * A text that two people make bold at the same time: whoever takes in both drops the marks of one,
 * by itself, since they say nothing any more, if it has the text open.
 */
export function formattingConflict(): { readonly base: Uint8Array; readonly both: Uint8Array[] } {
  const author = new Y.Doc()
  author.getText('text').insert(0, 'both of us')
  const base = Y.encodeStateAsUpdate(author)
  const both = [0, 1].map(() => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, base)
    const known = Y.encodeStateVector(doc)
    doc.getText('text').format(0, 4, { bold: true })
    return Y.encodeStateAsUpdate(doc, known)
  })
  return { base, both }
}
