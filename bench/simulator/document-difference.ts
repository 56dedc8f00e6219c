import { inspect, isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'

/**
 * How two documents differ, as one sentence, or undefined where they are equal in state vector,
 * deletes and content and nothing waits in either.
 *
 * @param options.mayTidy whether `a` may have dropped formatting marks that said nothing, which Yjs
 *   does by itself while it applies what others did, and which a reader cannot tell anybody. What came
 *   later may look otherwise without them, so formats do not count then. @default false
 */
export function describeDifference(
  a: Y.Doc,
  b: Y.Doc,
  { mayTidy = false }: { readonly mayTidy?: boolean } = {},
): string | undefined {
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
  const hasSameDeletes = Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))
  if (!hasSameDeletes && !(mayTidy && hasOnlyTidied(a, b))) return 'other deletes'
  const [content, otherContent] = [contentOf(a, hasSameDeletes), contentOf(b, hasSameDeletes)]
  if (isDeepStrictEqual(content, otherContent)) return undefined
  return describeFirstDifference(inspect(content, deep), inspect(otherContent, deep))
}

/** Whether all that `a` has deleted beyond `b` are formatting marks, and `b` nothing beyond `a`. */
function hasOnlyTidied(a: Y.Doc, b: Y.Doc): boolean {
  const isMarkOfB = (id: Y.ID): boolean => {
    const struct = Y.getItem(b.store, id)
    return struct instanceof Y.Item && struct.content instanceof Y.ContentFormat
  }
  return (
    everyDelete(b, a, () => false) &&
    everyDelete(a, b, (client, clock) => isMarkOfB(Y.createID(client, clock)))
  )
}

/** Whether each delete of `doc` is one of `other` as well, or is excused. */
function everyDelete(
  doc: Y.Doc,
  other: Y.Doc,
  isExcused: (client: number, clock: number) => boolean,
): boolean {
  const others = Y.createDeleteSetFromStructStore(other.store)
  for (const [client, ranges] of Y.createDeleteSetFromStructStore(doc.store).clients) {
    for (const { clock: first, len } of ranges) {
      for (let clock = first; clock < first + len; clock++) {
        const isKnown = Y.isDeleted(others, Y.createID(client, clock))
        if (!isKnown && !isExcused(client, clock)) return false
      }
    }
  }
  return true
}

/** All that an application sees, in the root types that the editors of the simulation use. */
export function contentOf(doc: Y.Doc, withFormats = true): readonly unknown[] {
  const text = doc.getText('text')
  return [
    withFormats ? text.toDelta() : text.toString(),
    new Map(Array.from(doc.getMap('map').entries(), ([key, value]) => [key, plain(value)])),
    doc.getArray('array').toJSON(),
    doc.getXmlFragment('xml').toString(),
  ]
}

const deep = { depth: 10, maxArrayLength: 10_000, maxStringLength: 100_000 }

function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.toJSON() : value
}

/** Long texts from a little before the place where they part. */
function describeFirstDifference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const cut = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 50))
  return `content that parts at ${cut(a)} and ${cut(b)}`
}
