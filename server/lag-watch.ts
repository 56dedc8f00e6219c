import { CairnError } from '../protocol/errors.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { WheelTask } from '../runtime/timer-wheel.js'
import type { DocumentContext } from './document-context.js'
import { exceeds } from './limits.js'

/** How often the progress of a lagging connection is looked at. */
const lookEveryMs = 1_000

interface Lag {
  since: number
  /** Bytes that waited when they were last seen to shrink, and when that was. */
  waiting: number
  progressAt: number
}

/**
 * Whether a connection lags, that is, has not taken what it was sent. One that stands still, or
 * lags, for too long is given up.
 */
export class LagWatch {
  readonly #context: DocumentContext
  readonly #socket: Pick<MessageSocket, 'bufferedBytes' | 'awaitDrain'>
  readonly #onTooLong: (error: CairnError) => void
  readonly #task: WheelTask
  #lag: Lag | undefined
  #lookAt = 0

  constructor(
    context: DocumentContext,
    socket: Pick<MessageSocket, 'bufferedBytes' | 'awaitDrain'>,
    onTooLong: (error: CairnError) => void,
  ) {
    this.#context = context
    this.#socket = socket
    this.#onTooLong = onTooLong
    this.#task = context.wheel.task((now) => this.#look(now))
  }

  get isLagging(): boolean {
    return this.#lag !== undefined
  }

  /** Asks the socket to say when it has drained. */
  start(now: number): void {
    this.#lag = { since: now, waiting: this.#socket.bufferedBytes, progressAt: now }
    this.#lookLater(now)
    this.#socket.awaitDrain()
  }

  /** It took what it had and was given more, but not all: it goes on lagging. */
  goOn(now: number): void {
    const since = this.#lag?.since ?? now
    this.#lag = { since, waiting: this.#socket.bufferedBytes, progressAt: now }
    this.#socket.awaitDrain()
  }

  end(): void {
    this.#lag = undefined
    this.#task.cancel()
  }

  #look(now: number): void {
    this.#forgive(now - this.#lookAt)
    const error = this.#errorAt(now)
    if (error === undefined) this.#lookLater(now)
    else this.#onTooLong(error)
  }

  /** While this process stood still nothing could leave, whatever the other side did. */
  #forgive(standstillMs: number): void {
    if (this.#lag === undefined) return
    this.#lag.since += standstillMs
    this.#lag.progressAt += standstillMs
  }

  #lookLater(now: number): void {
    this.#lookAt = now + lookEveryMs
    this.#task.scheduleAt(this.#lookAt)
  }

  #errorAt(now: number): CairnError | undefined {
    if (this.#lag === undefined) return undefined
    const waiting = this.#socket.bufferedBytes
    if (waiting < this.#lag.waiting) {
      this.#lag.waiting = waiting
      this.#lag.progressAt = now
    }
    const { lagStallMs, lagMs } = this.#context.limits
    if (exceeds(now - this.#lag.progressAt, lagStallMs)) {
      return new CairnError('LAGGING', `the connection took nothing for ${lagStallMs} ms`)
    }
    if (exceeds(now - this.#lag.since, lagMs)) {
      return new CairnError('LAGGING', `the connection has been behind for ${lagMs} ms`)
    }
    return undefined
  }
}
