import * as Y from 'yjs'
import type { DocumentStore } from '../persistence/document-store.js'

/** A Yjs v1 update that makes what `change` does to an empty document. */
export function makeUpdate(change: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc()
  change(doc)
  return Y.encodeStateAsUpdate(doc)
}

export function makeTextUpdate(text: string, root = 'text'): Uint8Array {
  return makeUpdate((doc) => doc.getText(root).insert(0, text))
}

/** Puts documents into a store that is not open: each name with its updates, one record each. */
export async function storeDocuments(
  store: DocumentStore,
  documents: readonly (readonly [name: string, ...updates: Uint8Array[]])[],
): Promise<void> {
  await store.open()
  for (const [name, ...updates] of documents) {
    const log = await store.openLog(name)
    for (const update of updates) await log.append({ update, principal: 'alice', connection: '1' })
    await log.close()
  }
  await store.close()
}
