import * as Y from 'yjs'

/** Consecutive clocks of one client. */
export interface ClockRange {
  readonly clientID: number
  readonly clock: number
  readonly length: number
}

/** What an update says: the structs that it brings and the clocks that it deletes. */
export interface UpdateContents {
  readonly structs: readonly ClockRange[]
  readonly deletes: readonly ClockRange[]
}

/** Reads a Yjs v1 update with Yjs itself, so that what it says is not our own reading of it. */
export function readUpdateContents(update: Uint8Array): UpdateContents {
  const { structs, ds } = Y.decodeUpdate(update)
  const ranges: ClockRange[] = []
  for (const struct of structs) {
    if (struct instanceof Y.Skip) continue
    const { client, clock } = struct.id
    ranges.push({ clientID: client, clock, length: struct.length })
  }
  const deletes: ClockRange[] = []
  for (const [clientID, items] of ds.clients) {
    for (const { clock, len } of items) deletes.push({ clientID, clock, length: len })
  }
  return { structs: ranges, deletes }
}

/** Whether every clock of `range` is integrated in `doc`. */
export function holdsStructs(doc: Y.Doc, range: ClockRange): boolean {
  return Y.getState(doc.store, range.clientID) >= range.clock + range.length
}

/** Whether every clock of `range` is integrated in `doc` and deleted there. */
export function holdsDelete(doc: Y.Doc, range: ClockRange): boolean {
  if (!holdsStructs(doc, range)) return false
  const end = range.clock + range.length
  for (let clock = range.clock; clock < end; ) {
    const struct = Y.getItem(doc.store, Y.createID(range.clientID, clock))
    if (!struct.deleted) return false
    clock = struct.id.clock + struct.length
  }
  return true
}
