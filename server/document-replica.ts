import * as Y from 'yjs'
import type { DocumentContext } from './document-context.js'
import { updateOf } from './document-index.js'
import { keepFormattingMarks } from './keep-formatting-marks.js'
import type { OpenDocument } from './open-document.js'

/**
 * A Y.Doc of a document for the embedding program: built when it is first asked for, then a cursor
 * into the log like any connection, brought up to date when it is used and not before.
 *
 * It keeps a clientID for each principal while it lives, since every clientID that ever wrote makes
 * a document dearer for all of its replicas.
 */
export class DocumentReplica {
  readonly #context: DocumentContext
  readonly #document: OpenDocument
  #doc: Y.Doc | undefined
  readonly #clientIDs = new Map<string, number>()
  #appliedThrough = 0
  #lastUsedAt = 0

  constructor(context: DocumentContext, document: OpenDocument) {
    this.#context = context
    this.#document = document
  }

  /**
   * Applies `change` in a transaction to a Y.Doc with every durable record in it, which is not to be
   * kept; returns its result and what it wrote. Where `change` throws nothing is left of it.
   * @param principal each has a clientID of its own, since a clientID is one principal's
   * @throws TypeError where `change` is asynchronous: what it wrote later would be nobody's
   */
  async change<Result>(
    change: (doc: Y.Doc) => Result,
    principal: string,
  ): Promise<{ result: Result; update: Uint8Array }> {
    let doc = await this.#current()
    // In the turn between, another change may have failed and taken its Y.Doc with it.
    while (doc !== this.#doc) doc = await this.#current()
    try {
      doc.clientID = this.#clientIDOf(principal)
      return apply(doc, change)
    } catch (error) {
      this.discard()
      throw error
    }
  }

  async #current(): Promise<Y.Doc> {
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

  /** Forgets the Y.Doc, with what it may hold that never became durable. */
  discard(): void {
    this.#doc?.destroy()
    this.#doc = undefined
    this.#clientIDs.clear()
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
    return doc
  }

  #clientIDOf(principal: string): number {
    let clientID = this.#clientIDs.get(principal)
    if (clientID === undefined) {
      const bytes = this.#context.environment.randomBytes(4)
      clientID = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
      this.#clientIDs.set(principal, clientID)
      const [oldest] = this.#clientIDs.keys()
      if (this.#clientIDs.size > mostClientIDs && oldest !== undefined) {
        this.#clientIDs.delete(oldest)
      }
    }
    return clientID
  }
}

function apply<Result>(
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
    if (result instanceof Promise) {
      result.catch(() => undefined)
      throw new TypeError('expected a change that is done when it returns, got a promise')
    }
    const update = updates.length === 1 ? updates[0] : undefined
    return { result, update: update ?? (updates.length === 0 ? empty : Y.mergeUpdates(updates)) }
  } finally {
    doc.off('update', collect)
  }
}

/** Principals whose clientIDs are known; who comes back after as many others gets another one. */
const mostClientIDs = 1_000

/** Origin of the transactions in which a replica takes in the log. */
const replicaOrigin = Symbol('cairn log')

const empty = Uint8Array.of(0, 0)
