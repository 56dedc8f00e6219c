import { mergeUpdates } from 'yjs'
import type { ExportedDocument } from './document-store.js'

/** `mergeUpdates` takes time that grows with the square of the number of its inputs. */
const fan = 64

/** What a document is that holds nothing: no structs, no deletions. */
const emptyUpdate = Uint8Array.of(0, 0)

/**
 * One Yjs v1 update that equals the document. Updates are merged in the order in which they came,
 * at most 64 at a time, and what comes of them again. Nothing is collected or joined, so the result
 * still holds what was deleted.
 */
export function mergeDocument(document: ExportedDocument): Uint8Array {
  const { snapshot, records } = document
  let level = records.map(({ update }) => update)
  if (snapshot !== undefined) level.unshift(snapshot.update)
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let start = 0; start < level.length; start += fan) {
      next.push(mergeUpdates(level.slice(start, start + fan)))
    }
    level = next
  }
  return level[0] ?? emptyUpdate
}
