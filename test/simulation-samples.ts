import * as Y from 'yjs'
import type { ClientState, StoredDocument } from '../bench/simulator/checker.js'

/** An update of one client that typed `text`. */
export function textUpdate(clientID: number, text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = clientID
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

/** A document whose log holds the updates, from sequence 1 on. */
export function exported(name: string, updates: readonly Uint8Array[]): StoredDocument {
  const records = updates.map((update, index) => ({
    sequence: index + 1,
    time: 0,
    principal: '',
    connection: '',
    update,
  }))
  const document = { name, epoch: new Uint8Array(16), createdAt: 0, snapshot: undefined, records }
  return { name, exported: document, problems: [] }
}

/** A client at rest whose document holds what `textUpdate` makes. */
export function clientWith(
  name: string,
  documentName: string,
  clientID: number,
  text: string,
): ClientState {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, textUpdate(clientID, text))
  return { name, documentName, doc, isSynced: true, unacknowledged: 0, presence: undefined }
}
