import { encodeAwareness } from '../protocol/codec.js'
import { encodeAway, encodeBack } from '../protocol/extension-codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { DocumentContext } from './document-context.js'
import type { DocumentIndex, TailRecord } from './document-index.js'
import { FlushPacer } from './flush-pacer.js'
import type { PresenceFlush } from './presence-flush.js'
import type { PresenceTable } from './presence-table.js'
import type { Subscriber } from './subscriber.js'

/**
 * Step 6: shows durable records and presence to the connections of one document.
 *
 * 1. A connection is a cursor into the log. What it is owed costs no memory, however far behind.
 * 2. A document update is never left out while the connection stands; presence is newest only.
 * 3. Nothing more goes into a socket that has not taken what it got: it lags until it drains.
 */
export class FanOut {
  readonly #context: DocumentContext
  readonly #index: DocumentIndex
  readonly #presence: PresenceTable
  readonly #subscribers = new Set<Subscriber>()
  readonly #pacer: FlushPacer
  readonly #onFlushed: (presence: PresenceFlush | undefined) => void
  /** The last sequence that was shown to everybody who keeps up. */
  #shownThrough: number

  constructor(
    context: DocumentContext,
    index: DocumentIndex,
    presence: PresenceTable,
    onFlushed: (presence: PresenceFlush | undefined) => void,
  ) {
    this.#context = context
    this.#onFlushed = onFlushed
    this.#index = index
    this.#presence = presence
    this.#shownThrough = index.head
    this.#pacer = new FlushPacer(context.environment, context.fanOutBudget, () => this.flush())
  }

  get subscribers(): ReadonlySet<Subscriber> {
    return this.#subscribers
  }

  /** In the turn in which the answer to its sync step 1 was sent: it has all up to the head. */
  join(subscriber: Subscriber): void {
    subscriber.cursor = this.#index.head
    subscriber.presenceMark = this.#presence.mark
    subscriber.lag.end()
    this.#subscribers.add(subscriber)
  }

  leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber)
  }

  /** Everything through `sequence` was there before anybody joined. */
  skipTo(sequence: number): void {
    this.#shownThrough = sequence
  }

  request(): void {
    this.#pacer.request()
  }

  /** Stops flushing; what is owed stays owed. */
  stop(): void {
    this.#pacer.cancel()
  }

  /** One write to each connection that keeps up, the same bytes to as many as possible. */
  flush(): void {
    this.#pacer.cancel()
    const now = this.#context.environment.now()
    const records = this.#index.tailAfter(this.#shownThrough)
    const authors = new Set(records.map((record) => record.connection))
    const presence = this.#presence.takeFlush(now)
    const shared = messagesOf(records, undefined)
    if (presence?.shared !== undefined) shared.push(encodeAwareness(presence.shared))
    const presenceMark = this.#presence.mark
    const hasPhases = presence !== undefined && phasesOf(presence).length > 0
    const sharedBatch = new MessageBatch(shared)
    const from = this.#shownThrough
    this.#shownThrough = this.#index.head
    for (const subscriber of this.#subscribers) {
      if (subscriber.lag.isLagging) continue
      if (!subscriber.socket.isDrained) {
        subscriber.lag.start(now)
        continue
      }
      subscriber.presenceMark = presenceMark
      const acknowledgement = subscriber.takeAcknowledgement()
      const isPlain =
        acknowledgement === undefined &&
        subscriber.cursor === from &&
        !authors.has(subscriber.id) &&
        !(subscriber.isExtended && hasPhases) &&
        !presence?.concerns(subscriber)
      if (isPlain) {
        this.#write(subscriber, sharedBatch, now)
        continue
      }
      const owed = subscriber.cursor === from ? records : this.#index.tailAfter(subscriber.cursor)
      const messages = messagesOf(owed, subscriber.id)
      const seen = presence?.forOwner(subscriber)
      if (seen !== undefined) messages.push(encodeAwareness(seen))
      if (subscriber.isExtended && presence !== undefined) messages.push(...phasesOf(presence))
      if (acknowledgement !== undefined) messages.push(acknowledgement)
      this.#write(subscriber, new MessageBatch(messages), now)
    }
    this.#onFlushed(presence)
  }

  /**
   * Brings a connection whose socket has drained up to the head, in one write. Returns false where
   * the records that it is owed are no longer in the tail: it needs a fresh answer.
   */
  catchUp(subscriber: Subscriber): boolean {
    if (!subscriber.lag.isLagging) return true
    const first = this.#index.tail[0]?.sequence ?? this.#index.head + 1
    if (subscriber.cursor + 1 < first) return false
    const owed = this.#index.tailAfter(subscriber.cursor)
    const snapshotBytes = this.#index.snapshot?.byteLength ?? 0
    const owedBytes = owed.reduce((bytes, record) => bytes + record.message.byteLength, 0)
    if (snapshotBytes > 0 && owedBytes > this.#index.byteLength) return false
    const messages = messagesOf(owed, subscriber.id)
    const now = this.#context.environment.now()
    const presence = this.#presence.changesSince(subscriber.presenceMark, subscriber, now)
    if (presence !== undefined) messages.push(encodeAwareness(presence))
    if (subscriber.isExtended) {
      messages.push(...phasesOf(this.#presence.phasesSince(subscriber.presenceMark)))
    }
    subscriber.presenceMark = this.#presence.mark
    const acknowledgement = subscriber.takeAcknowledgement()
    if (acknowledgement !== undefined) messages.push(acknowledgement)
    subscriber.lag.end()
    this.#write(subscriber, new MessageBatch(messages), now)
    return true
  }

  #write(subscriber: Subscriber, batch: MessageBatch, now: number): void {
    subscriber.cursor = this.#index.head
    if (batch.messages.length === 0) return
    subscriber.socket.send(batch)
    subscriber.wrote(now)
  }
}

/** Who went away and who came back, for those who know of it. */
function phasesOf(phases: {
  readonly away: readonly number[]
  readonly back: readonly number[]
}): Uint8Array[] {
  const messages: Uint8Array[] = []
  if (phases.away.length > 0) messages.push(encodeAway(phases.away))
  if (phases.back.length > 0) messages.push(encodeBack(phases.back))
  return messages
}

/** The update messages of `records`, without those that `own` wrote. */
function messagesOf(records: readonly TailRecord[], own: string | undefined): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (const record of records) if (record.connection !== own) messages.push(record.message)
  return messages
}
