import type { Environment, Timer } from '../runtime/environment.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { Guard } from './guard.js'
import type { SyncQuestion } from './resume.js'
import type { HeldSnapshot } from './snapshot-cache.js'
import type { Answer, Prepared, SyncAnswers } from './sync-answers.js'

type SyncState =
  | { readonly name: 'idle'; readonly answeredAt: number }
  /** For the interval to pass (timer), or for the socket to drain. */
  | { readonly name: 'waiting'; question: SyncQuestion; readonly timer: Timer | undefined }
  /** For bytes from the store or the worker. */
  | { readonly name: 'preparing'; question: SyncQuestion }
  | { readonly name: 'closed' }

export interface SyncRepliesOwner {
  readonly environment: Environment
  readonly guard: Guard
  readonly intervalMs: number
  readonly socket: Pick<MessageSocket, 'isDrained' | 'awaitDrain'>
  readonly answers: SyncAnswers
  /** Sends the answer and joins the fan-out, in one turn. */
  deliver(answer: Answer): void
  fail(error: unknown): void
}

/**
 * When one connection's sync step 1 is answered: at once, or when the last answer is old enough and
 * the socket has taken what it has. Of questions that wait only the last is answered.
 */
export class SyncReplies {
  readonly #owner: SyncRepliesOwner
  #state: SyncState = { name: 'idle', answeredAt: Number.NEGATIVE_INFINITY }
  /** What the socket has not taken whole yet. */
  #leaving: HeldSnapshot | undefined

  constructor(owner: SyncRepliesOwner) {
    this.#owner = owner
  }

  ask(question: SyncQuestion): void {
    const state = this.#state
    switch (state.name) {
      case 'waiting':
      case 'preparing':
        state.question = question
        break
      case 'idle':
        this.#schedule(question, state.answeredAt)
        break
      case 'closed':
        break
    }
  }

  /** The socket has drained. */
  drained(): void {
    this.#holdLeaving(undefined)
    if (this.#state.name === 'waiting' && this.#state.timer === undefined) this.#answerWaiting()
  }

  /** Answers as to somebody who knows nothing, at once. */
  startOver(): void {
    if (this.#state.name !== 'closed')
      this.#answer({ known: new Map(), place: undefined, isTrusted: false })
  }

  close(): void {
    if (this.#state.name === 'waiting') this.#state.timer?.cancel()
    this.#state = { name: 'closed' }
    this.#holdLeaving(undefined)
  }

  #schedule(question: SyncQuestion, answeredAt: number): void {
    const { environment, intervalMs, socket } = this.#owner
    const waitMs = answeredAt + intervalMs - environment.now()
    if (waitMs > 0) {
      const timer = environment.setTimer(() => this.#answerWaiting(), waitMs)
      this.#state = { name: 'waiting', question, timer }
    } else if (socket.isDrained) {
      this.#answer(question)
    } else {
      this.#state = { name: 'waiting', question, timer: undefined }
      socket.awaitDrain()
    }
  }

  #answerWaiting(): void {
    if (this.#state.name !== 'waiting') return
    this.#schedule(this.#state.question, Number.NEGATIVE_INFINITY)
  }

  #answer(question: SyncQuestion): void {
    if (this.#state.name === 'waiting') this.#state.timer?.cancel()
    const answer = this.#owner.answers.answer(question)
    if (answer !== undefined) {
      this.#deliver(answer)
      return
    }
    const isPreparing = this.#state.name === 'preparing'
    this.#state = { name: 'preparing', question }
    if (!isPreparing) this.#owner.guard.own('answering a sync step 1', this.#prepareAndAnswer())
  }

  async #prepareAndAnswer(): Promise<void> {
    try {
      while (this.#state.name === 'preparing') {
        const { known } = this.#state.question
        const isWanted = (): boolean => this.#state.name === 'preparing'
        const prepared = await this.#owner.answers.prepare(known, isWanted)
        this.#answerFrom(prepared)
      }
    } catch (error) {
      this.#owner.fail(error)
    }
  }

  #answerFrom(prepared: Prepared): void {
    try {
      if (this.#state.name !== 'preparing') return
      const answer = this.#owner.answers.answer(this.#state.question, prepared)
      if (answer !== undefined) this.#deliver(answer, prepared.snapshot)
    } finally {
      if (this.#leaving !== prepared.snapshot) prepared.snapshot.release()
    }
  }

  #deliver(answer: Answer, snapshot?: HeldSnapshot): void {
    const { environment, socket } = this.#owner
    this.#state = { name: 'idle', answeredAt: environment.now() }
    // A small one was copied into a batch of its own.
    this.#holdLeaving(snapshot && answer.includes(snapshot.batch) ? snapshot : undefined)
    this.#owner.deliver(answer)
    if (this.#leaving === undefined) return
    if (socket.isDrained) this.#holdLeaving(undefined)
    else socket.awaitDrain()
  }

  #holdLeaving(snapshot: HeldSnapshot | undefined): void {
    this.#leaving?.release()
    this.#leaving = snapshot
  }
}
