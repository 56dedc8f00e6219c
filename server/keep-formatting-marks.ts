import type * as Y from 'yjs'

/**
 * Makes a Y.Doc keep the formatting marks that Yjs would drop as needless after a remote transaction,
 * with deletes of its own that no log would hold. Yjs does it right after the event (13.6,
 * src/utils/Transaction.js).
 *
 * Calling the transaction local would keep them too, but Yjs then goes on trusting the positions that
 * it remembers of lists and texts, and the next insert lands beside its place.
 */
export function keepFormattingMarks(doc: Y.Doc): void {
  doc.on('afterTransaction', (transaction: Y.Transaction) => {
    transaction._needFormattingCleanup = false
  })
}
