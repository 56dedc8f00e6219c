import { encodeAwareness } from '../protocol/codec.js'
import { encodeAway, encodeBack } from '../protocol/extension-codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { TailRecord } from './document-index.js'
import type { HeadPosition } from './position.js'
import type { PresenceFlush } from './presence-flush.js'
import type { SignalFlush } from './signals.js'
import type { Subscriber } from './subscriber.js'

interface FlushContentParts {
  readonly records: readonly TailRecord[]
  readonly presence: PresenceFlush | undefined
  readonly signals: SignalFlush
  readonly position: HeadPosition
}

/**
 * What one flush says, and how it is put for each connection: one batch for all stock connections,
 * one for all that speak the extension, and another only where a connection must not see all of it
 * or is owed more. To be used in the turn in which it was made.
 */
export class FlushContent {
  readonly records: readonly TailRecord[]
  readonly signals: SignalFlush
  readonly #presence: PresenceFlush | undefined
  readonly #position: HeadPosition
  readonly #authors: ReadonlySet<string>
  readonly #phases: readonly Uint8Array[]
  /** What stock connections are sent, which is how every other batch starts. */
  readonly #common: readonly Uint8Array[]
  #stock: MessageBatch | undefined
  #extended: MessageBatch | undefined

  constructor({ records, presence, signals, position }: FlushContentParts) {
    this.records = records
    this.signals = signals
    this.#presence = presence
    this.#position = position
    this.#authors = new Set(records.map((record) => record.connection))
    this.#phases = presence === undefined ? [] : phasesOf(presence)
    const common = messagesOf(records, undefined)
    if (presence?.shared !== undefined) common.push(encodeAwareness(presence.shared))
    this.#common = common
  }

  /** Whether a connection that has everything before this flush is sent what all are. */
  isSharedWith(subscriber: Subscriber): boolean {
    return !(
      this.#authors.has(subscriber.id) ||
      this.#presence?.concerns(subscriber) ||
      this.signals.isFrom(subscriber.id) ||
      (subscriber.isEpochDue && this.records.length > 0)
    )
  }

  shared(isExtended: boolean): MessageBatch {
    if (!isExtended) {
      this.#stock ??= new MessageBatch(this.#common)
      return this.#stock
    }
    if (this.#extended === undefined) {
      const messages = [...this.#common, ...this.#phases, ...this.signals.shared]
      if (this.records.length > 0) messages.push(this.#position.message(false))
      this.#extended = new MessageBatch(messages)
    }
    return this.#extended
  }

  /** The same for one connection, which is owed `owed`. To be called once, when it is sent. */
  own(
    subscriber: Subscriber,
    owed: readonly TailRecord[],
    acknowledgement: Uint8Array | undefined,
  ): MessageBatch {
    const messages = messagesOf(owed, subscriber.id)
    const seen = this.#presence?.forOwner(subscriber)
    if (seen !== undefined) messages.push(encodeAwareness(seen))
    if (subscriber.isExtended) {
      messages.push(...this.#phases, ...this.signals.messagesFor(subscriber.id))
      messages.push(...endOf(subscriber, owed.length > 0, acknowledgement, this.#position))
    }
    return new MessageBatch(messages)
  }
}

/**
 * How a write ends that brings an extended connection to the head: with what is acknowledged, which
 * says the position too, or with the position where it is another or the epoch must be told. The
 * epoch goes first: who leaves with the acknowledgement in hand must know of which document it is.
 */
export function endOf(
  subscriber: Subscriber,
  hasMoved: boolean,
  acknowledgement: Uint8Array | undefined,
  position: HeadPosition,
): readonly Uint8Array[] {
  if (!subscriber.isExtended) return []
  const { isEpochDue } = subscriber
  const ending = acknowledgement === undefined ? [] : [acknowledgement]
  if (!hasMoved || (acknowledgement !== undefined && !isEpochDue)) return ending
  subscriber.isEpochDue = false
  return [position.message(isEpochDue), ...ending]
}

/** Who went away and who came back, for those who know of it. */
export function phasesOf(phases: {
  readonly away: readonly number[]
  readonly back: readonly number[]
}): Uint8Array[] {
  const messages: Uint8Array[] = []
  if (phases.away.length > 0) messages.push(encodeAway(phases.away))
  if (phases.back.length > 0) messages.push(encodeBack(phases.back))
  return messages
}

/** The update messages of `records`, without those that `own` wrote. */
export function messagesOf(records: readonly TailRecord[], own: string | undefined): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (const record of records) if (record.connection !== own) messages.push(record.message)
  return messages
}
