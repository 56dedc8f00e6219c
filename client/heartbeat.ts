import type { Environment, Timer } from '../runtime/environment.js'

/** How often a connection is asked for a sign of life. */
export const heartbeatMs = 25_000
/** How long it may take to answer. */
export const answerMs = 10_000
/** How long it may take after the page woke up, when it is likely to be gone. */
export const wakeAnswerMs = 3_000
/**
 * Where the page stood still an answer may lie unread while the timers fire. So silence is believed
 * at the second look, and what came is heard between the two.
 */
const rereadMs = 100

export interface HeartbeatOwner {
  readonly environment: Environment
  /** Asks the other side for an answer. */
  ask(): void
  /** The answer to a question came after so many milliseconds. */
  onLatency(latencyMs: number): void
  /** Nothing was heard: the connection is gone without a word. */
  onLost(): void
}

/** Notices a half-open connection; whatever is heard counts as a sign of life. */
export class Heartbeat {
  readonly #owner: HeartbeatOwner
  #state: HeartbeatState

  constructor(owner: HeartbeatOwner) {
    this.#owner = owner
    this.#state = this.#rest()
  }

  /** Something came. @param isAnswer whether it is the answer to the question */
  heard(isAnswer: boolean): void {
    const state = this.#state
    if (state.name === 'stopped' || state.askedAt === undefined) return
    if (state.name === 'asking') state.timer.cancel()
    // An answer behind other messages may still come, and tell the latency.
    const askedAt = isAnswer ? undefined : state.askedAt
    this.#state = state.name === 'asking' ? this.#rest(askedAt) : { ...state, askedAt }
    // Last, since whoever hears of it may stop this.
    if (isAnswer) this.#owner.onLatency(this.#owner.environment.now() - state.askedAt)
  }

  /** The page woke up, or the network changed: asks now, and does not wait long. */
  check(): void {
    if (this.#state.name === 'stopped') return
    this.#ask(wakeAnswerMs)
  }

  /** Asks for the sake of the latency; nothing depends on the answer. */
  measure(): void {
    if (this.#state.name !== 'resting') return
    this.#state = { ...this.#state, askedAt: this.#owner.environment.now() }
    this.#owner.ask()
  }

  stop(): void {
    if (this.#state.name !== 'stopped') this.#state.timer.cancel()
    this.#state = { name: 'stopped' }
  }

  #rest(askedAt?: number): HeartbeatState {
    const timer = this.#owner.environment.setTimer(() => this.#ask(answerMs), heartbeatMs)
    return { name: 'resting', timer, askedAt }
  }

  #ask(withinMs: number): void {
    if (this.#state.name !== 'stopped') this.#state.timer.cancel()
    const { environment } = this.#owner
    const askedAt = environment.now()
    const asking = (act: () => void, delayMs: number): HeartbeatState => {
      return { name: 'asking', timer: environment.setTimer(act, delayMs), askedAt }
    }
    const lose = (): void => this.#lose()
    const lookAgain = (): void => {
      this.#state = asking(lose, rereadMs)
    }
    this.#state = asking(lookAgain, withinMs - rereadMs)
    this.#owner.ask()
  }

  #lose(): void {
    this.stop()
    this.#owner.onLost()
  }
}

type HeartbeatState =
  /** `askedAt`: of a question that the answer has not come to, though other messages have. */
  | { readonly name: 'resting'; readonly timer: Timer; readonly askedAt: number | undefined }
  | { readonly name: 'asking'; readonly timer: Timer; readonly askedAt: number }
  | { readonly name: 'stopped' }
