import { encodeAwareness } from '../protocol/codec.js'
import type { CairnError } from '../protocol/errors.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { DocumentContext } from './document-context.js'
import type { DocumentIndex, TailRecord } from './document-index.js'
import { endOf, FlushContent, messagesOf, phasesOf } from './flush-content.js'
import { FlushPacer } from './flush-pacer.js'
import type { HeadPosition } from './position.js'
import type { PresenceFlush } from './presence-flush.js'
import type { PresenceTable } from './presence-table.js'
import { PendingSignals, type Signal } from './signals.js'
import type { Subscriber } from './subscriber.js'

/** What a connection that lagged is given before it has to take that; the last record may exceed it. */
const partBytes = 262_144

/**
 * Step 6: shows durable records, presence and signals to the connections of one document.
 *
 * 1. A connection is a cursor into the log. What it is owed costs no memory, however far behind.
 * 2. A document update is never left out while the connection stands; presence is newest only.
 * 3. Nothing more goes into a socket that has not taken what it got: it lags until it drains.
 */
export class FanOut {
  readonly #context: DocumentContext
  readonly #index: DocumentIndex
  readonly #presence: PresenceTable
  readonly #position: HeadPosition
  readonly #signals: PendingSignals
  readonly #subscribers = new Set<Subscriber>()
  readonly #pacer: FlushPacer
  readonly #onFlushed: (presence: PresenceFlush | undefined) => void
  /** The last sequence that was shown to everybody who keeps up. */
  #shownThrough: number

  constructor(
    context: DocumentContext,
    document: {
      readonly index: DocumentIndex
      readonly presence: PresenceTable
      readonly position: HeadPosition
    },
    onFlushed: (presence: PresenceFlush | undefined) => void,
  ) {
    this.#context = context
    this.#onFlushed = onFlushed
    this.#index = document.index
    this.#presence = document.presence
    this.#position = document.position
    this.#signals = new PendingSignals(context.limits.documentSignalBytes)
    this.#shownThrough = document.index.head
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

  /** Sends it with the next flush to whoever keeps up; returns why not, where it cannot wait. */
  signal(signal: Signal): CairnError | undefined {
    const refusal = this.#signals.add(signal)
    if (refusal === undefined) this.#pacer.request()
    return refusal
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
    const from = this.#shownThrough
    const presence = this.#presence.takeFlush(now)
    const presenceMark = this.#presence.mark
    const content = new FlushContent({
      records: this.#index.tailAfter(from),
      presence,
      signals: this.#signals.take(),
      position: this.#position,
    })
    this.#shownThrough = this.#index.head
    for (const subscriber of this.#subscribers) {
      if (subscriber.lag.isLagging) continue
      if (!subscriber.socket.isDrained) {
        subscriber.lag.start(now)
        continue
      }
      subscriber.presenceMark = presenceMark
      const acknowledgement = subscriber.takeAcknowledgement()
      const keepsUp = subscriber.cursor === from
      const batch =
        acknowledgement === undefined && keepsUp && content.isSharedWith(subscriber)
          ? content.shared(subscriber.isExtended)
          : content.own(
              subscriber,
              keepsUp ? content.records : this.#index.tailAfter(subscriber.cursor),
              acknowledgement,
            )
      if (subscriber.isExtended) content.signals.reached(subscriber.id)
      this.#write(subscriber, batch, { now, through: this.#index.head })
    }
    content.signals.finish()
    this.#onFlushed(presence)
  }

  /**
   * Brings a connection whose socket has drained nearer to the head: a large debt in parts, since
   * each part is memory until it has been taken. Returns false where the records that it is owed are
   * no longer in the tail: it needs a fresh answer.
   */
  catchUp(subscriber: Subscriber): boolean {
    if (!subscriber.lag.isLagging) return true
    const first = this.#index.tail[0]?.sequence ?? this.#index.head + 1
    if (subscriber.cursor + 1 < first) return false
    const owed = this.#index.tailAfter(subscriber.cursor)
    const now = this.#context.environment.now()
    const count = countOfPart(owed, subscriber.id)
    const messages = messagesOf(owed.slice(0, count), subscriber.id)
    if (count < owed.length) {
      const through = subscriber.cursor + count
      this.#write(subscriber, new MessageBatch(messages), { now, through })
      subscriber.lag.goOn(now)
      return true
    }
    messages.push(...this.#presenceOwed(subscriber, now))
    const acknowledgement = subscriber.takeAcknowledgement()
    messages.push(...endOf(subscriber, owed.length > 0, acknowledgement, this.#position))
    subscriber.lag.end()
    this.#write(subscriber, new MessageBatch(messages), { now, through: this.#index.head })
    return true
  }

  /** The newest of each client that changed since the connection was told of presence. */
  #presenceOwed(subscriber: Subscriber, now: number): Uint8Array[] {
    const messages: Uint8Array[] = []
    const presence = this.#presence.changesSince(subscriber.presenceMark, subscriber, now)
    if (presence !== undefined) messages.push(encodeAwareness(presence))
    if (subscriber.isExtended) {
      messages.push(...phasesOf(this.#presence.phasesSince(subscriber.presenceMark)))
    }
    subscriber.presenceMark = this.#presence.mark
    return messages
  }

  #write(
    subscriber: Subscriber,
    batch: MessageBatch,
    { now, through }: { readonly now: number; readonly through: number },
  ): void {
    subscriber.cursor = through
    if (batch.messages.length === 0) return
    subscriber.socket.send(batch)
    subscriber.wrote(now)
  }
}

/** How many of `owed` are given at a time. What the connection wrote itself is not sent. */
function countOfPart(owed: readonly TailRecord[], own: string): number {
  let bytes = 0
  for (const [count, record] of owed.entries()) {
    if (bytes >= partBytes) return count
    if (record.connection !== own) bytes += record.message.byteLength
  }
  return owed.length
}
