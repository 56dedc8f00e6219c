import type { DocumentLog } from '../persistence/document-store.js'
import { encodeSyncStep1, encodeSyncStep2, encodeUpdate } from '../protocol/codec.js'
import { encodeStateVector } from '../protocol/state-vector.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { Differences } from './differences.js'
import type { DocumentContext } from './document-context.js'
import type { DocumentIndex, TailRecord } from './document-index.js'
import { covers, type KnownClocks, lacks, overlaps } from './known-clocks.js'
import { type Place, recordsSince, type SyncQuestion } from './resume.js'
import type { HeldSnapshot } from './snapshot-cache.js'

/** Up to this size a snapshot is sent whole rather than compared. */
const smallSnapshotBytes = 262_144
/** An update without structs is the byte 0 and its delete set; without deletes either, two zeros. */
const noStructs = Uint8Array.of(0)
const emptyUpdate = Uint8Array.of(0, 0)

/**
 * Answers to sync step 1, from bytes. Each ends with sync step 2, whose arrival tells the client that
 * it has everything, and the server's own step 1, which asks for what the client wrote offline.
 * Answers that many clients need alike are encoded once and kept until the document changes.
 */
export class SyncAnswers {
  readonly #context: DocumentContext
  readonly #log: DocumentLog
  readonly #index: DocumentIndex
  readonly #differences: Differences
  #afterSnapshot: Cached | undefined
  #level: Cached | undefined
  #small: Cached | undefined
  #resumed: Cached | undefined
  #step1: { readonly version: number; readonly message: Uint8Array } | undefined

  constructor(context: DocumentContext, log: DocumentLog, index: DocumentIndex) {
    this.#context = context
    this.#log = log
    this.#index = index
    this.#differences = new Differences(context.worker)
  }

  /** What the document lacks, as a question to a client. */
  step1(): Uint8Array {
    const { version, stateVector } = this.#index
    if (this.#step1?.version !== version) {
      this.#step1 = { version, message: encodeSyncStep1(encodeStateVector(stateVector)) }
    }
    return this.#step1.message
  }

  /**
   * Everything that a client lacks, to be sent in the turn in which it is returned. Undefined where
   * bytes must be fetched first: await `prepare` and ask again.
   */
  answer(question: SyncQuestion, prepared?: Prepared): Answer | undefined {
    const { known, place } = question
    const since = place && this.#recordsSince(place, question)
    if (since !== undefined) return [this.#resumedAnswer(since)]
    switch (this.#kindFor(known)) {
      case 'level':
        return [this.#levelAnswer()]
      case 'tail':
        return [this.#tailAnswer(known)]
      case 'whole':
        return this.#wholeAnswer(prepared)
      case 'difference':
        return this.#differenceAnswer(known, prepared)
    }
  }

  /**
   * Fetches what `answer` will need; it may be out of date by then, and `answer` says so again. The
   * caller releases the snapshot.
   *
   * @param isWanted whether somebody still waits for the answer
   */
  async prepare(known: KnownClocks, isWanted: () => boolean): Promise<Prepared> {
    const through = this.#index.snapshot?.through ?? 0
    const snapshot = await this.#context.snapshots.read(this.#log)
    if (this.#kindFor(known) !== 'difference') return { through, snapshot }
    const stateVector = encodeStateVector(known)
    const difference = await this.#differences.of(snapshot.update, stateVector, isWanted)
    return difference === undefined ? { through, snapshot } : { through, snapshot, difference }
  }

  #recordsSince(place: Place, { known, isTrusted }: SyncQuestion) {
    const { epoch } = this.#log
    return recordsSince(place, isTrusted ? undefined : known, { index: this.#index, epoch })
  }

  /** What came after the place where a client stood, deletes among it; of older ones it knows. */
  #resumedAnswer(since: readonly TailRecord[]): MessageBatch {
    if (since.length > 0) {
      const updates = since.map((record) => record.message)
      return new MessageBatch([...updates, encodeSyncStep2(emptyUpdate), this.step1()])
    }
    // What a whole crowd gets after a restart.
    const { version } = this.#index
    if (this.#resumed?.version !== version) {
      const messages = [encodeSyncStep2(emptyUpdate), this.step1()]
      this.#resumed = { version, batch: new MessageBatch(messages) }
    }
    return this.#resumed.batch
  }

  #kindFor(known: KnownClocks): 'level' | 'tail' | 'whole' | 'difference' {
    const { snapshot, snapshotStateVector, stateVector } = this.#index
    if (known.size === 0) return 'whole'
    if (snapshot !== undefined && !covers(known, snapshotStateVector)) {
      const isSmall = snapshot.byteLength <= smallSnapshotBytes
      return isSmall || !overlaps(known, snapshotStateVector) ? 'whole' : 'difference'
    }
    return covers(known, stateVector) ? 'level' : 'tail'
  }

  #levelAnswer(): MessageBatch {
    const { version } = this.#index
    if (this.#level?.version !== version) {
      this.#level = { version, batch: new MessageBatch([this.#deletes(), this.step1()]) }
    }
    return this.#level.batch
  }

  #tailAnswer(known: KnownClocks): MessageBatch {
    return new MessageBatch([...this.#lackedTail(known), this.#deletes(), this.step1()])
  }

  #wholeAnswer(prepared: Prepared | undefined): Answer | undefined {
    const { version, snapshot } = this.#index
    if (snapshot === undefined) return [this.#tailAndEnd()]
    if (prepared?.through !== snapshot.through) {
      return this.#small?.version === version ? [this.#small.batch] : undefined
    }
    const { batch } = prepared.snapshot
    if (batch.byteLength > smallSnapshotBytes) return [batch, this.#tailAndEnd()]
    if (this.#small?.version !== version) {
      const messages = [...batch.messages, ...this.#tailAndEnd().messages]
      this.#small = { version, batch: new MessageBatch(messages) }
    }
    return [this.#small.batch]
  }

  /** What follows the snapshot in a whole answer. */
  #tailAndEnd(): MessageBatch {
    const { version, tail } = this.#index
    if (this.#afterSnapshot?.version !== version) {
      const updates = tail.map((record) => record.message)
      const messages = [...updates, encodeSyncStep2(emptyUpdate), this.step1()]
      this.#afterSnapshot = { version, batch: new MessageBatch(messages) }
    }
    return this.#afterSnapshot.batch
  }

  #differenceAnswer(known: KnownClocks, prepared: Prepared | undefined): Answer | undefined {
    if (prepared?.through !== this.#index.snapshot?.through) return undefined
    if (prepared?.difference === undefined) return this.#wholeAnswer(prepared)
    const tail = this.#lackedTail(known)
    return [
      new MessageBatch([encodeUpdate(prepared.difference), ...tail, this.#deletes(), this.step1()]),
    ]
  }

  #lackedTail(known: KnownClocks): readonly Uint8Array[] {
    return this.#index.tail
      .filter((record) => lacks(known, record.sections))
      .map((record) => record.message)
  }

  /** State vectors say nothing of deletes, so all of them go with every answer. */
  #deletes(): Uint8Array {
    return encodeSyncStep2(Buffer.concat([noStructs, this.#index.deleteRanges.encode()]))
  }
}

/** Batches to send one after the other. */
export type Answer = readonly [MessageBatch, ...MessageBatch[]]

export interface Prepared {
  readonly through: number
  readonly snapshot: HeldSnapshot
  readonly difference?: Uint8Array
}

interface Cached {
  readonly version: number
  readonly batch: MessageBatch
}
