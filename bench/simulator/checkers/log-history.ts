import * as Y from 'yjs'
import { keepFormattingMarks } from '../../../server/keep-formatting-marks.js'
import type { Checker, StoredDocument } from '../checker.js'
import { describeDifference } from '../document-difference.js'

/**
 * The log replayed from its first record equals the snapshot and the tail; sequences have no holes,
 * and no record is ever another one.
 */
export class LogHistory implements Checker {
  readonly invariant = 'log-history'
  readonly #histories = new Map<string, Map<number, Uint8Array>>()

  appended(name: string, sequence: number, update: Uint8Array): string | undefined {
    const problem = add(this.#historyOf(name), sequence, update)
    return problem && `document ${name}: ${problem}`
  }

  opened(
    name: string,
    records: readonly { readonly sequence: number; readonly update: Uint8Array }[],
  ): string | undefined {
    for (const { sequence, update } of records) {
      // What was on its way when the server went down may have arrived.
      const problem = this.appended(name, sequence, update)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  recovered({ name, exported, problems }: StoredDocument, mayLose: boolean): string | undefined {
    if (problems.length > 0) return `document ${name}: ${problems.join('; ')}`
    const history = this.#historyOf(name)
    if (mayLose) {
      history.clear()
      const { snapshot, records = [] } = exported ?? {}
      if (snapshot !== undefined) history.set(snapshot.through, snapshot.update)
      for (const { sequence, update } of records) history.set(sequence, update)
      return undefined
    }
    // What is found beyond may be lost again to a power cut, as long as no server has opened it.
    const found = new Map(history)
    for (const { sequence, update } of exported?.records ?? []) {
      const problem = add(found, sequence, update)
      if (problem !== undefined) return `document ${name}: ${problem}`
    }
    const stored = replay([
      ...(exported?.snapshot === undefined ? [] : [exported.snapshot.update]),
      ...(exported?.records ?? []).map(({ update }) => update),
    ])
    const replayed = replay(found.values())
    const difference = describeDifference(stored, replayed)
    stored.destroy()
    replayed.destroy()
    return difference && `document ${name}: snapshot and tail, and the log replayed: ${difference}`
  }

  #historyOf(name: string): Map<number, Uint8Array> {
    const known = this.#histories.get(name)
    if (known !== undefined) return known
    const created = new Map<number, Uint8Array>()
    this.#histories.set(name, created)
    return created
  }
}

function add(
  history: Map<number, Uint8Array>,
  sequence: number,
  update: Uint8Array,
): string | undefined {
  const known = history.get(sequence)
  if (known !== undefined && Buffer.compare(known, update) !== 0) {
    return `sequence ${sequence} was given to two records`
  }
  if (sequence > 1 && !history.has(sequence - 1)) {
    return `sequence ${sequence} came without ${sequence - 1}`
  }
  history.set(sequence, Uint8Array.from(update))
  return undefined
}

function replay(updates: Iterable<Uint8Array>): Y.Doc {
  const doc = new Y.Doc()
  keepFormattingMarks(doc)
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return doc
}
