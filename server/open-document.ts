import type { DocumentLog, LogRecord } from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'
import { type AdmissiblePart, admitUpdate, outlineOfStored, type Verdict } from './admission.js'
import type { Author } from './author.js'
import { ClientOwners } from './client-owners.js'
import type { DocumentContext } from './document-context.js'
import { DocumentIndex } from './document-index.js'
import { FanOut } from './fan-out.js'
import { type HeldUpdate, HeldUpdates } from './held-updates.js'
import { PendingUpdates } from './pending-updates.js'
import { HeadPosition } from './position.js'
import type { PresenceFlush } from './presence-flush.js'
import type { PresenceTable } from './presence-table.js'
import type { Receipt } from './receipts.js'
import { requireStoreRoom } from './store-room.js'
import { SyncAnswers } from './sync-answers.js'

/** By then what fills the room for held updates may have been admitted. */
const heldRetryMs = 1_000
/** So many missing clients tell one question from another. */
const askedClients = 1_000

/** What an open document tells the one who holds it. */
export interface OpenDocumentOwner {
  /** The log failed; the document has stopped. */
  onFailure(error: CairnError): void
  /** One more record is durable. */
  onRecord(): void
  onFlushed(presence: PresenceFlush | undefined): void
}

/**
 * A document that is open: the path of a keystroke from admission to fan-out.
 *
 * 1. Nobody sees, and nobody is acknowledged, what is not durable (docs/adr/0001).
 * 2. Every prefix of the log is a complete document: what is appended builds on what was before it.
 * 3. Arrival order is log order: admission and append happen in the turn in which a frame arrives.
 * 4. After a failed append nothing more is admitted: what became of it only the store knows.
 */
export class OpenDocument {
  readonly name: string
  readonly log: DocumentLog
  readonly index: DocumentIndex
  readonly answers: SyncAnswers
  readonly fanOut: FanOut
  readonly presence: PresenceTable
  /** Where the log ends. */
  readonly position: HeadPosition
  readonly #context: DocumentContext
  readonly #pending: PendingUpdates
  readonly #owners = new ClientOwners()
  readonly #held = new HeldUpdates()
  readonly #owner: OpenDocumentOwner
  readonly #commitWaiters: (() => void)[] = []
  #uncommittedRecords = 0
  #failure: CairnError | undefined

  private constructor(
    context: DocumentContext,
    log: DocumentLog,
    index: DocumentIndex,
    presence: PresenceTable,
    owner: OpenDocumentOwner,
  ) {
    this.#context = context
    this.name = log.name
    this.log = log
    this.index = index
    this.presence = presence
    this.#pending = new PendingUpdates(index)
    this.#owner = owner
    this.answers = new SyncAnswers(context, log, index)
    this.position = new HeadPosition(log, index)
    this.fanOut = new FanOut(context, { index, presence, position: this.position }, (flushed) =>
      owner.onFlushed(flushed),
    )
  }

  /** Reads the log's tail. @throws DOCUMENT_DAMAGED, STORE_UNAVAILABLE */
  static async load(
    context: DocumentContext,
    log: DocumentLog,
    presence: PresenceTable,
    owner: OpenDocumentOwner,
  ): Promise<OpenDocument> {
    const index = new DocumentIndex(log.snapshot)
    const document = new OpenDocument(context, log, index, presence, owner)
    for await (const page of log.readTail()) {
      for (const record of page) {
        const outline = outlineOfRecord(log.name, record)
        document.#owners.recall(outline.sections, record.principal)
        index.add(record, outline)
      }
    }
    document.fanOut.skipTo(index.head)
    return document
  }

  /** Updates that were admitted and are not durable yet. */
  get uncommittedRecords(): number {
    return this.#uncommittedRecords
  }

  get isStopped(): boolean {
    return this.#failure !== undefined
  }

  get heldUpdates(): number {
    return this.#held.count
  }

  /**
   * Steps 2 to 4 for one update: what is complete goes to the log, what lacks its past is held, what
   * adds nothing is dropped. `receipt` settles when all of it is durable.
   *
   * @throws MALFORMED_UPDATE, TOO_LARGE, LIMIT_REACHED, FORBIDDEN, RATE; nothing was changed then
   */
  receiveUpdate(author: Author, update: Uint8Array, receipt?: Receipt): void {
    if (this.#failure !== undefined) throw this.#failure
    requireStoreRoom(this.#context.store, this.#context.limits.uncommittedBytes, update.byteLength)
    const { complete, rest } = this.#admit(author, update)
    if (complete !== undefined) this.#append(complete, author, receipt)
    if (rest !== undefined) this.#hold(rest, author, receipt)
    receipt?.settle()
    this.#admitReady()
    // What added nothing is acknowledged without a record; the next flush tells.
    if (receipt?.isSettled) this.fanOut.request()
  }

  /** Resolves when nothing is on its way to the log. */
  whenCommitted(): Promise<void> {
    if (this.#uncommittedRecords === 0) return Promise.resolve()
    return new Promise((resolve) => this.#commitWaiters.push(resolve))
  }

  /**
   * Admits what may go on by now and drops what was held too long; its authors still have it. To be
   * called every second or so.
   */
  expireHeld(now: number): void {
    this.#held.renew()
    if (this.#failure === undefined) this.#admitReady()
    const { heldMs } = this.#context.limits
    if (heldMs === 0) return
    for (const held of this.#held.takeHeldBefore(now - heldMs)) {
      held.author.refuse(
        held.receipt,
        new CairnError('INCOMPLETE', `what the update builds on did not arrive in ${heldMs} ms`),
      )
      held.receipt?.settle()
    }
  }

  /** The author is gone; what it sent without its past goes with it, since it has both. */
  forget(author: Author): void {
    this.#held.takeFrom(author)
  }

  /**
   * Something could not be read from the log. A log whose store failed stays shut after the store is
   * back, and only an append would say so: the document goes, and whoever comes next opens it anew.
   * Of other errors only their reader hears.
   */
  readFailed(error: unknown): void {
    if (error instanceof CairnError && error.code === 'STORE_UNAVAILABLE') this.#fail(error)
  }

  /** Stops the path for good: nothing more is admitted, shown or acknowledged. Idempotent. */
  stop(error: CairnError): void {
    this.#failure ??= error
    this.fanOut.stop()
  }

  #fail(error: CairnError): void {
    if (this.#failure !== undefined) return
    this.stop(error)
    this.#owner.onFailure(error)
  }

  #admit(author: Author, update: Uint8Array): Verdict {
    return admitUpdate(update, author.principal, {
      index: this.index,
      pending: this.#pending,
      owners: this.#owners,
      limits: this.#context.limits,
    })
  }

  #append(part: AdmissiblePart, author: Author, receipt: Receipt | undefined): void {
    const { update, outline } = part
    const { id: connection, principal } = author
    this.#pending.admit(outline, update.byteLength)
    this.#held.advance(outline.sections)
    this.#uncommittedRecords++
    author.queued(update.byteLength)
    receipt?.expect()
    this.log.append({ update, principal: principal.id, connection }).then(
      ({ sequence }) => {
        this.#leftQueue(author, update)
        if (this.#failure !== undefined) return
        this.#pending.settle(outline, update.byteLength)
        this.index.add({ sequence, update, connection }, outline)
        receipt?.settle()
        this.fanOut.request()
        this.#owner.onRecord()
      },
      (error: unknown) => {
        this.#leftQueue(author, update)
        this.#fail(asStoreError(error))
      },
    )
  }

  #leftQueue(author: Author, update: Uint8Array): void {
    this.#uncommittedRecords--
    author.committed(update.byteLength)
    if (this.#uncommittedRecords > 0) return
    for (const resolve of this.#commitWaiters.splice(0)) resolve()
  }

  #hold(rest: NonNullable<Verdict['rest']>, author: Author, receipt: Receipt | undefined): void {
    const { update, missing } = rest
    if (receipt === undefined && this.#held.holds(author, update)) return
    const bytes = this.#held.bytes + update.byteLength
    const { heldBytes, heldUpdates } = this.#context.limits
    if (bytes > heldBytes || this.#held.count >= heldUpdates) {
      author.refuse(
        receipt,
        new CairnError(
          'RATE',
          `${this.#held.count} updates of ${bytes} bytes wait for their past; ` +
            `the limits are ${heldUpdates} and ${heldBytes}`,
          { retryAfterMs: heldRetryMs },
        ),
      )
      return
    }
    receipt?.expect()
    const heldAt = this.#context.environment.now()
    this.#held.add({ author, receipt, update, missing, heldAt })
    const asked = missing.slice(0, askedClients)
    author.askForMissing(asked.map(({ client, clock }) => `${client}:${clock}`).join(' '))
  }

  /**
   * Admits what was held for its past, as far as that has arrived; one may free the next. It ends,
   * since what goes on waiting misses clocks that are not known.
   */
  #admitReady(): void {
    for (;;) {
      const ready = this.#held.takeReady()
      if (ready.length === 0) return
      for (const held of ready) this.#admitHeld(held)
    }
  }

  #admitHeld(held: HeldUpdate): void {
    const { author, receipt } = held
    try {
      const { complete, rest } = this.#admit(author, held.update)
      if (complete !== undefined) this.#append(complete, author, receipt)
      if (rest !== undefined) {
        this.#held.add({ ...held, ...rest })
        return
      }
    } catch (error) {
      author.refuse(receipt, asStoreError(error))
    }
    receipt?.settle()
  }
}

function outlineOfRecord(name: string, record: LogRecord) {
  try {
    return outlineOfStored(record.update)
  } catch (error) {
    throw new CairnError(
      'DOCUMENT_DAMAGED',
      `document ${JSON.stringify(name)}: record ${record.sequence} is not a valid update; ` +
        'run "cairn documents verify" and restore the document from a backup',
      { cause: error },
    )
  }
}

function asStoreError(error: unknown): CairnError {
  if (error instanceof CairnError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new CairnError('STORE_UNAVAILABLE', `the store refused an update: ${message}`, {
    cause: error,
  })
}
