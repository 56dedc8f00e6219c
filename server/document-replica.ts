import * as Y from 'yjs'
import type { DocumentContext } from './document-context.js'
import { updateOf } from './document-index.js'
import { keepFormattingMarks } from './keep-formatting-marks.js'
import type { OpenDocument } from './open-document.js'

/**
 * A Y.Doc of a document for the embedding program: built when it is first asked for, then a cursor
 * into the log like any connection, brought up to date when it is used and not before.
 *
 * It keeps its clientID while it lives, since every clientID that ever wrote makes a document dearer
 * for all of its replicas.
 */
export class DocumentReplica {
  readonly #context: DocumentContext
  readonly #document: OpenDocument
  #doc: Y.Doc | undefined
  #appliedThrough = 0
  #lastUsedAt = 0

  constructor(context: DocumentContext, document: OpenDocument) {
    this.#context = context
    this.#document = document
  }

  /** The replica with every durable record in it. Owned by the replica: not to be kept. */
  async current(): Promise<Y.Doc> {
    const { index } = this.#document
    for (;;) {
      const through = index.snapshot?.through ?? 0
      const isBehind = this.#doc === undefined || this.#appliedThrough < through
      const snapshot = isBehind && through > 0 ? await this.#document.log.readSnapshot() : undefined
      // The snapshot may have been replaced during the read; then its tail is gone.
      if ((index.snapshot?.through ?? 0) !== through) continue
      return this.#bringUp(snapshot, through)
    }
  }

  /** Applies `change` in a transaction; returns its result and what it wrote. */
  change<Result>(
    doc: Y.Doc,
    change: (doc: Y.Doc) => Result,
  ): { result: Result; update: Uint8Array } {
    const updates: Uint8Array[] = []
    const collect = (update: Uint8Array): void => {
      updates.push(update)
    }
    doc.on('update', collect)
    try {
      const result = doc.transact(() => change(doc))
      const update = updates.length === 1 ? updates[0] : undefined
      return { result, update: update ?? (updates.length === 0 ? empty : Y.mergeUpdates(updates)) }
    } finally {
      doc.off('update', collect)
    }
  }

  /** Forgets the Y.Doc, with what it may hold that never became durable. */
  discard(): void {
    this.#doc?.destroy()
    this.#doc = undefined
    this.#appliedThrough = 0
  }

  discardIfUnusedSince(time: number): void {
    if (this.#doc !== undefined && this.#lastUsedAt < time) this.discard()
  }

  #bringUp(snapshot: Uint8Array | undefined, through: number): Y.Doc {
    const { index } = this.#document
    this.#lastUsedAt = this.#context.environment.now()
    this.#doc ??= this.#create()
    const doc = this.#doc
    doc.transact(() => {
      if (snapshot !== undefined) Y.applyUpdate(doc, snapshot)
      const from = Math.max(this.#appliedThrough, through)
      for (const record of index.tailAfter(from)) Y.applyUpdate(doc, updateOf(record))
    }, replicaOrigin)
    this.#appliedThrough = index.head
    return doc
  }

  #create(): Y.Doc {
    const doc = new Y.Doc()
    keepFormattingMarks(doc)
    const bytes = this.#context.environment.randomBytes(4)
    doc.clientID = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    return doc
  }
}

/** Origin of the transactions in which a replica takes in the log. */
const replicaOrigin = Symbol('cairn log')

const empty = Uint8Array.of(0, 0)
