import type { MessageSocket } from '../runtime/message-socket.js'
import type { TimerWheel, WheelTask } from '../runtime/timer-wheel.js'

/**
 * Where this process stood still an answer may lie unread while the timers fire. So silence is
 * believed at the second look, and what came is read between the two.
 */
const mostRereadMs = 100

export interface HeartbeatOptions {
  /** Silence after which the other side is asked for a sign of life; 0 never asks. */
  readonly heartbeatMs: number
  /** How long it may take to answer. */
  readonly heartbeatTimeoutMs: number
  /** Silence of ours after which the other side is sent something; 0 never sends. */
  readonly keepAliveMs: number
}

export interface HeartbeatOwner {
  readonly socket: Pick<MessageSocket, 'ping' | 'isDrained' | 'bufferedBytes'>
  /** When something was written last. */
  readonly lastWroteAt: number
  /** Sends the message that stock clients need to hear. */
  keepAlive(): void
  /** The other side is gone without a word. */
  onLost(): void
}

/**
 * Signs of life in both directions, on one task of the server's wheel. Anything that is heard counts;
 * only after silence is there a ping, and only a ping without an answer ends the connection.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #owner: HeartbeatOwner
  readonly #task: WheelTask
  #lastHeardAt: number
  #question: Question | undefined

  constructor(wheel: TimerWheel, options: HeartbeatOptions, owner: HeartbeatOwner, now: number) {
    this.#options = options
    this.#owner = owner
    this.#lastHeardAt = now
    this.#task = wheel.task((at) => this.#run(at))
    this.#schedule()
  }

  heard(now: number): void {
    this.#lastHeardAt = now
    if (this.#question === undefined) return
    this.#question = undefined
    // Else the next look would be when the answer was due, however soon the next question is.
    this.#schedule()
  }

  /** What waited to be written has gone; that answers a look at it, not a ping. */
  drained(): void {
    if (this.#question !== undefined && this.#question.bufferedBytes > 0) this.#question = undefined
  }

  /** Nothing more is asked or said, whatever is heard. */
  stop(): void {
    this.#question = undefined
    this.#task.cancel()
  }

  #run(now: number): void {
    const { socket, lastWroteAt } = this.#owner
    const { keepAliveMs } = this.#options
    if (keepAliveMs > 0 && now >= lastWroteAt + keepAliveMs && socket.isDrained) {
      this.#owner.keepAlive()
    }
    if (this.#question !== undefined && now >= this.#question.dueAt) {
      if (this.#isUnanswered(this.#question)) {
        if (this.#question.isReread) {
          this.#owner.onLost()
          return
        }
        this.#question = { ...this.#question, dueAt: now + this.#rereadMs, isReread: true }
      } else {
        this.#question = undefined
      }
    }
    if (this.#question === undefined && now >= this.#nextPingAt()) this.#ask(now)
    this.#schedule()
  }

  #ask(now: number): void {
    const { socket } = this.#owner
    const dueAt = now + this.#options.heartbeatTimeoutMs - this.#rereadMs
    // Behind a long write a ping would wait with it: then the write's progress is the sign of life.
    const bufferedBytes = socket.isDrained ? 0 : socket.bufferedBytes
    this.#question = { dueAt, bufferedBytes, isReread: false }
    if (socket.isDrained) socket.ping()
  }

  #isUnanswered(question: Question): boolean {
    const { bufferedBytes } = this.#owner.socket
    return question.bufferedBytes === 0 || bufferedBytes >= question.bufferedBytes
  }

  get #rereadMs(): number {
    return Math.min(mostRereadMs, this.#options.heartbeatTimeoutMs / 2)
  }

  #nextPingAt(): number {
    const { heartbeatMs } = this.#options
    return heartbeatMs === 0 ? Number.POSITIVE_INFINITY : this.#lastHeardAt + heartbeatMs
  }

  #schedule(): void {
    const { keepAliveMs } = this.#options
    const askAt = this.#question?.dueAt ?? this.#nextPingAt()
    const { lastWroteAt, socket } = this.#owner
    const keepAliveAt =
      keepAliveMs > 0 && socket.isDrained ? lastWroteAt + keepAliveMs : Number.POSITIVE_INFINITY
    const at = Math.min(askAt, keepAliveAt)
    if (at !== Number.POSITIVE_INFINITY) this.#task.scheduleAt(at)
  }
}

/** A ping, or a look at what waits to be written, that nothing was heard since. */
interface Question {
  /** When it is looked at next. */
  readonly dueAt: number
  readonly bufferedBytes: number
  readonly isReread: boolean
}
