import * as Y from 'yjs'
import { UpdateScanner } from '../../protocol/update-scanner.js'
import { createRandom } from '../../runtime/seeded-random.js'
import type { Trace } from '../trace-format.js'
import { type EditMix, pickEdit } from './edit-mix.js'

const twoUnits = /[\u{10000}-\u{10ffff}]/gu

export interface ScriptOptions {
  readonly clientID: number
  readonly edits: number
  readonly seed: number
  readonly mix: EditMix
  /** Typed instead of the mix, again and again into another root text until there are enough. */
  readonly trace?: Trace | undefined
}

/** Everything one editor will send, made before the run so that sending it costs nothing. */
export interface EditScript {
  readonly clientID: number
  /** One Yjs v1 update for each edit, as a Y.Doc made it. */
  readonly updates: readonly Uint8Array[]
  /** Clock of the edit's first struct, and the clock after its last; equal for a pure deletion. */
  readonly clockFrom: Float64Array
  readonly clockTo: Float64Array
  /** Which edit begins at a clock, as its number plus one; 0 where none does. */
  readonly editAt: Uint32Array
  /** Which pure deletion begins with a clock, as its number plus one; 0 where none does. */
  readonly deletionAt: Uint32Array
}

/** The edits of one editor on a replica of its own; one seed decides them. */
export function createEditScript(options: ScriptOptions): EditScript {
  const doc = new Y.Doc()
  doc.clientID = options.clientID
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const author = options.trace === undefined ? mixedAuthor(doc, options) : traceAuthor(doc, options)
  for (let edit = 0; edit < options.edits; edit++) {
    doc.transact(author)
    if (updates.length !== edit + 1) throw new Error(`edit ${edit} made no update, or several`)
  }
  const clocks = Y.getState(doc.store, doc.clientID)
  doc.destroy()
  return indexScript(options.clientID, updates, clocks)
}

function mixedAuthor(doc: Y.Doc, { seed, mix }: ScriptOptions): () => void {
  const random = createRandom(seed)
  const text = doc.getText('content')
  const cells = doc.getMap('cells')
  let cursor = 0
  let number = 0
  return () => {
    number++
    if (random() < 0.03) cursor = Math.floor(random() * (text.length + 1))
    const kind = pickEdit(mix, random())
    if (kind === 'delete' && cursor > 0) {
      cursor--
      text.delete(cursor, 1)
    } else if (kind === 'paste' || kind === 'page') {
      const pasted = 'pasted text '.repeat(500).slice(0, kind === 'page' ? 5_000 : 100)
      text.insert(cursor, pasted)
      cursor += pasted.length
    } else if (kind === 'map') {
      cells.set(`cell-${Math.floor(random() * 50)}`, number)
    } else {
      text.insert(cursor, 'etaoin shrdlu'.charAt(number % 13))
      cursor++
    }
  }
}

/**
 * Types the transactions of a trace in their order, as one author would. Positions in a trace count
 * code points, so characters of two units become one that has one; what a concurrent trace puts
 * beyond the end of this author's text goes to its end.
 */
function traceAuthor(doc: Y.Doc, { trace }: ScriptOptions): () => void {
  const transactions = trace?.transactions ?? []
  if (transactions.length === 0) throw new RangeError('the trace has no edits')
  let pass = 0
  let next = 0
  let text = doc.getText('content')
  return () => {
    if (next === transactions.length) {
      next = 0
      pass++
      text = doc.getText(`content-${pass}`)
    }
    let changes = 0
    for (const { position, deleted, inserted } of transactions[next]?.patches ?? []) {
      const at = Math.min(position, text.length)
      const length = Math.min(deleted, text.length - at)
      if (length > 0) text.delete(at, length)
      if (inserted !== '') text.insert(at, inserted.replace(twoUnits, '\u25a1'))
      changes += length + inserted.length
    }
    if (changes === 0) text.insert(0, ' ')
    next++
  }
}

function indexScript(clientID: number, updates: readonly Uint8Array[], clocks: number): EditScript {
  const scanner = new UpdateScanner()
  const clockFrom = new Float64Array(updates.length)
  const clockTo = new Float64Array(updates.length)
  const editAt = new Uint32Array(clocks)
  const deletionAt = new Uint32Array(clocks)
  let clock = 0
  for (const [edit, update] of updates.entries()) {
    const scan = scanner.scan(update)
    const hasStructs = scan.sectionCount > 0
    clockFrom[edit] = clock
    if (hasStructs) {
      editAt[clock] = edit + 1
      clock = scan.sectionTo[0] ?? clock
    } else {
      deletionAt[scan.deleteFrom[0] ?? 0] = edit + 1
    }
    clockTo[edit] = clock
  }
  return { clientID, updates, clockFrom, clockTo, editAt, deletionAt }
}
