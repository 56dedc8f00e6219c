import * as Y from 'yjs'

/**
 * How two documents differ, as one sentence, or undefined where they are equal in state vector,
 * deletes and content and nothing waits in either.
 */
export function describeDifference(a: Y.Doc, b: Y.Doc): string | undefined {
  for (const doc of [a, b]) {
    if (doc.store.pendingStructs !== null) return 'structs wait for their past'
    if (doc.store.pendingDs !== null) return 'deletes wait for what they delete'
  }
  const ends = Y.decodeStateVector(Y.encodeStateVector(a))
  const otherEnds = Y.decodeStateVector(Y.encodeStateVector(b))
  for (const clientID of new Set([...ends.keys(), ...otherEnds.keys()])) {
    const [end = 0, otherEnd = 0] = [ends.get(clientID), otherEnds.get(clientID)]
    if (end !== otherEnd) return `client ${clientID} ends at clock ${end} and ${otherEnd}`
  }
  if (!Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))) return 'other deletes'
  const [content, otherContent] = [contentOf(a), contentOf(b)]
  return content === otherContent ? undefined : `content ${content} and ${otherContent}`
}

/** All that an application sees, in the root types that the editors of the simulation use. */
export function contentOf(doc: Y.Doc): string {
  return JSON.stringify([
    doc.getText('text').toDelta(),
    doc.getMap('map').toJSON(),
    doc.getArray('array').toJSON(),
    doc.getXmlFragment('xml').toString(),
  ])
}
