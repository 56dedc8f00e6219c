import type { DocumentLog } from '../persistence/document-store.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { unreachable } from '../runtime/assert.js'
import type { Timer } from '../runtime/environment.js'
import type { WheelTask } from '../runtime/timer-wheel.js'
import { compact, shouldCompact } from './compaction.js'
import type { DocumentContext } from './document-context.js'
import { DocumentReplica } from './document-replica.js'
import { requireRoom } from './limits.js'
import { OpenDocument } from './open-document.js'
import type { PresenceFlush } from './presence-flush.js'
import type { PresenceTable } from './presence-table.js'

/** Whoever must leave when a document cannot go on. */
export interface DocumentUser {
  /** The document failed or is going away: nothing more will come of it. */
  onDocumentLost(error: CairnError): void
}

/**
 * The life of one document in memory, from the first who asks for it until the last has left:
 *
 *     opening --> open --> closing --> closed
 *        |          |                     ^
 *        |          +-- a failed append --+   (whoever comes next opens the log anew)
 *        +--> quarantined                     (damaged: refused until the entry is forgotten)
 */
type DocumentState =
  | { readonly name: 'opening'; readonly opened: Promise<OpenDocument> }
  | { readonly name: 'open'; readonly document: OpenDocument; readonly replica: DocumentReplica }
  | { readonly name: 'closing'; readonly done: Promise<void> }
  | { readonly name: 'quarantined'; readonly error: CairnError }
  | { readonly name: 'closed' }

export class Document {
  readonly name: string
  readonly #context: DocumentContext
  readonly #presence: PresenceTable
  readonly #onGone: () => void
  readonly #presenceTask: WheelTask
  readonly #users = new Set<DocumentUser>()
  #state: DocumentState
  #idleTimer: Timer | undefined
  #compaction: Promise<boolean> | undefined
  #compactionFailures = 0

  /** Starts to open at once. `onGone` is called when the entry should be forgotten. */
  constructor(context: DocumentContext, name: string, presence: PresenceTable, onGone: () => void) {
    this.#context = context
    this.name = name
    this.#presence = presence
    this.#onGone = onGone
    this.#presenceTask = context.wheel.task((now) => this.#tickPresence(now))
    const opened = this.#open()
    // Whoever waits for it hears of a failure; nobody may be waiting any more.
    opened.catch(() => undefined)
    this.#state = { name: 'opening', opened }
  }

  get state(): DocumentState['name'] {
    return this.#state.name
  }

  /** The document where it is open now. */
  get openDocument(): OpenDocument | undefined {
    return this.#state.name === 'open' ? this.#state.document : undefined
  }

  get userCount(): number {
    return this.#users.size
  }

  /** Resolves when the entry can be replaced; at once unless it is closing. */
  async whenReplaceable(): Promise<void> {
    if (this.#state.name === 'closing') await this.#state.done
  }

  /**
   * Keeps the document in memory for `user` until `release`, and resolves when it is open.
   * @throws RATE, DOCUMENT_DAMAGED, STORE_UNAVAILABLE and whatever else opening met
   */
  async use(user: DocumentUser): Promise<OpenDocument> {
    this.#users.add(user)
    if (this.#state.name === 'open') this.#stopIdling()
    try {
      const { limits, environment } = this.#context
      requireRoom('documentConnections', this.#users.size, limits, environment)
      switch (this.#state.name) {
        case 'opening':
          return await this.#state.opened
        case 'open':
          return this.#state.document
        case 'quarantined':
          throw this.#state.error
        case 'closing':
        case 'closed':
          throw new CairnError('STORE_UNAVAILABLE', 'the document was closed meanwhile')
        default:
          return unreachable(this.#state)
      }
    } catch (error) {
      this.release(user)
      throw error
    }
  }

  /** `user` has left. Idempotent. */
  release(user: DocumentUser): void {
    if (!this.#users.delete(user) || this.#users.size > 0) return
    if (this.#state.name === 'open') this.#startIdling()
  }

  /** The replica for the embedding program. Only while somebody uses the open document. */
  get replica(): DocumentReplica {
    if (this.#state.name === 'open') return this.#state.replica
    throw new CairnError('STORE_UNAVAILABLE', `document ${JSON.stringify(this.name)} is not open`)
  }

  get presence(): PresenceTable {
    return this.#presence
  }

  /** Time passes: what was held too long is dropped, an unused replica is let go. */
  tick(now: number): void {
    if (this.#state.name !== 'open') return
    this.#state.document.expireHeld(now)
    this.#state.replica.discardIfUnusedSince(now - this.#context.timings.replicaMs)
  }

  /** Closes for good: users are told, what is in flight becomes durable, the log is let go. */
  close(error: CairnError): Promise<void> {
    switch (this.#state.name) {
      case 'opening': {
        const { opened } = this.#state
        return opened.then(
          () => this.close(error),
          () => undefined,
        )
      }
      case 'open':
        return this.#close(this.#state.document, error)
      case 'closing':
        return this.#state.done
      case 'quarantined':
      case 'closed':
        this.#end()
        return Promise.resolve()
      default:
        return unreachable(this.#state)
    }
  }

  async #open(): Promise<OpenDocument> {
    let log: DocumentLog | undefined
    try {
      log = await this.#context.store.openLog(this.name)
      const document = await OpenDocument.load(this.#context, log, this.#presence, {
        onFailure: (error) => this.#onFailure(document, error),
        onRecord: () => this.#compactIfDue(document),
        onFlushed: (presence) => this.#onFlushed(presence),
      })
      const replica = new DocumentReplica(this.#context, document)
      this.#state = { name: 'open', document, replica }
      if (this.#users.size === 0) this.#startIdling()
      this.#compactIfDue(document)
      return document
    } catch (error) {
      if (log !== undefined) this.#context.guard.own('closing a log', log.close())
      const reason = toCairnError(error)
      // That the store is down is said once, by the server; clients knock all the while.
      const level = reason.code === 'STORE_UNAVAILABLE' ? 'debug' : 'error'
      this.#context.logger[level](
        { document: this.name, code: reason.code, error: reason.message },
        'a document could not be opened',
      )
      if (reason.code === 'DOCUMENT_DAMAGED') this.#quarantine(reason)
      else this.#end()
      throw reason
    }
  }

  /** Refuses a damaged document for a while, so that reconnecting clients do not read it each time. */
  #quarantine(error: CairnError): void {
    this.#state = { name: 'quarantined', error }
    this.#idleTimer = this.#context.environment.setTimer(
      () => this.#end(),
      this.#context.timings.quarantineMs,
    )
  }

  #onFailure(document: OpenDocument, error: CairnError): void {
    this.#context.logger.error(
      { document: this.name, code: error.code, error: error.message },
      'a document is closed, since its log failed',
    )
    this.#context.guard.own('closing a document', this.#close(document, error))
  }

  #onFlushed(presence: PresenceFlush | undefined): void {
    if (presence !== undefined && presence.events.length > 0) {
      this.#context.onPresence(this.name, presence.events)
    }
    this.#schedulePresence()
  }

  #schedulePresence(): void {
    const { nextDueAt } = this.#presence
    if (nextDueAt === undefined || this.#state.name !== 'open') this.#presenceTask.cancel()
    else this.#presenceTask.scheduleAt(nextDueAt)
  }

  #tickPresence(now: number): void {
    this.#presence.tick(now)
    if (!this.#presence.needsFlush) this.#schedulePresence()
    else this.openDocument?.fanOut.request()
  }

  #startIdling(delayMs = this.#context.timings.unloadMs): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = this.#context.environment.setTimer(
      () => this.#context.guard.own('unloading a document', this.unload()),
      delayMs,
    )
  }

  #stopIdling(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = undefined
  }

  /** Lets an idle document go, with a fresh snapshot if its tail has grown; else does nothing. */
  async unload(): Promise<void> {
    const document = this.openDocument
    if (document === undefined || this.#users.size > 0) return
    if (shouldCompact(document.index, 'unload', this.#compactionFailures)) {
      await this.#compact(document)
    }
    // Somebody may have come, or everything ended, while the snapshot was made.
    if (this.openDocument !== document || this.#users.size > 0) return
    // Presence ends on a tick, so looking more often than that finds nothing new.
    const { unloadMs, tickMs } = this.#context.timings
    if (!this.#presence.isEmpty) this.#startIdling(Math.max(unloadMs, tickMs))
    else await this.#close(document, new CairnError('GOING_AWAY', 'the document is idle'))
  }

  #compactIfDue(document: OpenDocument): void {
    if (this.#compaction !== undefined || this.openDocument !== document) return
    if (!shouldCompact(document.index, 'record', this.#compactionFailures)) return
    this.#context.guard.own('compaction', this.#compact(document))
  }

  /** One compaction at a time; asking meanwhile gives the one that runs. */
  #compact(document: OpenDocument): Promise<boolean> {
    this.#compaction ??= compact(this.#context, document).then((isCompacted) => {
      this.#compaction = undefined
      this.#compactionFailures = isCompacted ? 0 : this.#compactionFailures + 1
      // What came meanwhile may have been the last for a long time.
      if (isCompacted) this.#compactIfDue(document)
      return isCompacted
    })
    return this.#compaction
  }

  #close(document: OpenDocument, error: CairnError): Promise<void> {
    if (this.#state.name === 'closing') return this.#state.done
    this.#stopIdling()
    const replica = this.#state.name === 'open' ? this.#state.replica : undefined
    const done = document.log
      .close()
      .catch((reason: unknown) => {
        const { code, message } = toCairnError(reason)
        this.#context.logger.warn({ document: this.name, code, error: message }, 'closing a log')
      })
      .then(() => this.#end())
    this.#state = { name: 'closing', done }
    this.#presenceTask.cancel()
    document.stop(error)
    replica?.discard()
    for (const user of [...this.#users]) user.onDocumentLost(error)
    this.#context.snapshots.forget(document.log)
    return done
  }

  #end(): void {
    this.#stopIdling()
    if (this.#state.name === 'closed') return
    this.#state = { name: 'closed' }
    this.#onGone()
  }
}
