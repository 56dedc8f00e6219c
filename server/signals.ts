import { CairnError } from '../protocol/errors.js'
import { exceeds } from './limits.js'

/** By then the next flush has made room. */
const retryAfterMs = 100

/** One application message on its way to the other connections of its document. */
export interface Signal {
  /** The id of the connection that it came from. */
  readonly from: string
  /** As the others are sent it. */
  readonly message: Uint8Array
  /** It was written to so many connections. */
  onFlushed(reached: number): void
}

/** The signals that wait for a document's next flush. Nothing else is kept of them. */
export class PendingSignals {
  readonly #maxBytes: number
  #signals: Signal[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Returns why it cannot wait, or undefined where it does. */
  add(signal: Signal): CairnError | undefined {
    const bytes = this.#bytes + signal.message.byteLength
    if (exceeds(bytes, this.#maxBytes)) {
      return new CairnError('RATE', `${this.#bytes} bytes of signals wait`, { retryAfterMs })
    }
    this.#bytes = bytes
    this.#signals.push(signal)
    return undefined
  }

  take(): SignalFlush {
    const signals = this.#signals
    this.#signals = []
    this.#bytes = 0
    return new SignalFlush(signals)
  }
}

/** What one flush says of signals, and to how many. */
export class SignalFlush {
  /** For everybody who sent none of them. */
  readonly shared: readonly Uint8Array[]
  readonly #signals: readonly Signal[]
  readonly #senders: ReadonlySet<string>
  readonly #reachedSenders = new Set<string>()
  #reached = 0

  constructor(signals: readonly Signal[]) {
    this.#signals = signals
    this.shared = signals.map((signal) => signal.message)
    this.#senders = new Set(signals.map((signal) => signal.from))
  }

  isFrom(connectionId: string): boolean {
    return this.#senders.size > 0 && this.#senders.has(connectionId)
  }

  /** The messages for one connection: those of others. */
  messagesFor(connectionId: string): readonly Uint8Array[] {
    if (!this.isFrom(connectionId)) return this.shared
    return this.#signals.filter(({ from }) => from !== connectionId).map(({ message }) => message)
  }

  /** They were written to that connection. */
  reached(connectionId: string): void {
    this.#reached++
    if (this.isFrom(connectionId)) this.#reachedSenders.add(connectionId)
  }

  /** Tells the senders. */
  finish(): void {
    for (const signal of this.#signals) {
      signal.onFlushed(this.#reached - (this.#reachedSenders.has(signal.from) ? 1 : 0))
    }
  }
}
