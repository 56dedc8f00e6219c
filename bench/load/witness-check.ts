import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'
import type { EditScript } from './edit-script.js'

/** The document that all edits of all editors give. */
export function wholeDocument(scripts: readonly EditScript[]): Y.Doc {
  return documentOf(scripts.flatMap(({ updates }) => updates))
}

export function documentOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}

/**
 * Compares a document that came over the wire with what it has to be, by state vector, delete set
 * and content.
 * @returns one sentence for each difference
 */
export function differences(whole: Y.Doc, doc: Y.Doc): readonly string[] {
  const problems: string[] = []
  if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null) {
    problems.push('has updates that wait for others')
  }
  const wanted = Y.snapshot(whole)
  const found = Y.snapshot(doc)
  const missing = [...wanted.sv].filter(([client, clock]) => found.sv.get(client) !== clock)
  if (missing.length > 0 || wanted.sv.size !== found.sv.size) {
    problems.push(`differs in the state vector: ${describeStates(missing, found.sv)}`)
  } else if (!Y.equalSnapshots(wanted, found)) {
    problems.push('differs in the delete set')
  }
  // Keys of a map may stand in any order.
  if (!isDeepStrictEqual(contentOf(whole), contentOf(doc))) {
    problems.push('differs in the content')
  }
  return problems
}

/** Roots of the load are texts, but for the map of cells. */
function contentOf(doc: Y.Doc): readonly unknown[] {
  return [...doc.share.keys()].sort().map((name) => {
    return [name, name === 'cells' ? doc.getMap(name).toJSON() : doc.getText(name).toString()]
  })
}

function describeStates(
  missing: readonly (readonly [number, number])[],
  found: ReadonlyMap<number, number>,
): string {
  const [first] = missing
  if (first === undefined) return 'it knows clients that wrote nothing'
  const [client, clock] = first
  return (
    `${missing.length} clients, the first is ${client} at ${found.get(client) ?? 0} ` +
    `instead of ${clock}`
  )
}
