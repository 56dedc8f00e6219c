import type * as Y from 'yjs'

/** What Yjs has been given and cannot show before what it builds on has come. */
interface Pending {
  readonly structs: Uint8Array | null
  readonly deletes: Uint8Array | null
}

/** Whether the Y.Doc keeps something back. */
export function hasPending(doc: Y.Doc): boolean {
  return doc.store.pendingStructs !== null || doc.store.pendingDs !== null
}

/**
 * Yjs tells of an update when it shows it: of one that had to wait, as a part of what made it possible,
 * under that one's origin. So what came from elsewhere would pass for the server's. This notices it.
 */
export class PendingUpdates {
  readonly #doc: Y.Doc
  #left: Pending
  #isForeign: boolean
  #isTakenIn = false

  constructor(doc: Y.Doc) {
    this.#doc = doc
    this.#left = pendingOf(doc)
    this.#isForeign = hasPending(doc)
  }

  /** Whether the last transaction of our own may have brought in what had come from elsewhere. */
  get isTakenIn(): boolean {
    return this.#isTakenIn
  }

  /**
   * A transaction has ended, and nobody has heard of it.
   * @param isOwn whether it applied what the server sent, or another tab
   */
  note(isOwn: boolean): void {
    const before = this.#left
    const now = pendingOf(this.#doc)
    const hasChanged =
      !areEqual(before.structs, now.structs) || !areEqual(before.deletes, now.deletes)
    this.#left = now
    this.#isTakenIn = isOwn && this.#isForeign && hasChanged
    if (hasChanged && !isOwn) this.#isForeign = true
    if (!hasPending(this.#doc)) this.#isForeign = false
  }
}

function pendingOf({ store }: Y.Doc): Pending {
  return { structs: store.pendingStructs?.update ?? null, deletes: store.pendingDs }
}

function areEqual(one: Uint8Array | null, other: Uint8Array | null): boolean {
  if (one === other) return true
  if (one === null || other === null || one.byteLength !== other.byteLength) return false
  return one.every((byte, index) => byte === other[index])
}
