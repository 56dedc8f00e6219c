import {
  type CatalogueEntry,
  encodeCatalogueEntry,
  encodeGuard,
  type Guard,
} from './catalogue-entry.js'
import { nameKey } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { seal } from './sealed-value.js'

/** Puts a document into the catalogue, with its guard. */
export function catalogueOperations(
  name: Uint8Array,
  entry: CatalogueEntry,
  head: number,
): readonly LevelOperation[] {
  return [entryOperation(name, entry), guardOperation(name, { id: entry.id, head })]
}

export function entryOperation(name: Uint8Array, entry: CatalogueEntry): LevelOperation {
  const key = nameKey('catalogue', name)
  return { type: 'put', key, value: seal(key, encodeCatalogueEntry(entry)) }
}

export function guardOperation(name: Uint8Array, guard: Guard): LevelOperation {
  const key = nameKey('guard', name)
  return { type: 'put', key, value: seal(key, encodeGuard(guard)) }
}
