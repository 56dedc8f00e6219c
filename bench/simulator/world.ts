import { systemEnvironment } from '../../runtime/system-environment.js'
import { VirtualTime } from '../../runtime/virtual-time.js'
import type { Checker } from './checker.js'
import { EventTrace } from './event-trace.js'
import { type RandomStream, RandomStreams } from './random-stream.js'
import type { MachineClock } from './simulated-process.js'

/** What went against an invariant, and when. */
export interface Violation {
  readonly invariant: string
  /** Simulated milliseconds. */
  readonly at: number
  readonly message: string
}

/** Hundred times what a run has; somebody does something again and again. */
const maxEvents = 500_000
/** 2023-11-14, as good as any. */
const wallClockStart = 1_700_000_000_000

/** Time, chance, the record of what happens and those who watch it, of one run. */
export class World {
  readonly time = new VirtualTime()
  readonly trace = new EventTrace()
  readonly serverClock: MachineClock = { base: wallClockStart }
  readonly clientClock: MachineClock = { base: wallClockStart }
  readonly #streams: RandomStreams
  readonly #clientRandom: RandomStream
  readonly #checkers: readonly Checker[]
  #violation: Violation | undefined
  #checkMs = 0
  #losses = 0

  constructor(seed: number, checkers: readonly Checker[]) {
    this.#streams = new RandomStreams(seed)
    this.#clientRandom = this.stream('client code')
    this.#checkers = checkers
    this.time.listen({
      onEvent: (at, order) => this.#onEvent(at, order),
      onError: (error) => this.complain(error),
    })
  }

  get violation(): Violation | undefined {
    return this.#violation
  }

  /**
   * How often a power cut took what was only promised to survive a killed process. What is on its way
   * to a client then was true when it was sent.
   */
  get losses(): number {
    return this.#losses
  }

  countLoss(): void {
    this.#losses++
  }

  /** Real milliseconds spent in checkers; never part of the trace. */
  get checkMs(): number {
    return this.#checkMs
  }

  stream(purpose: string): RandomStream {
    return this.#streams.stream(purpose)
  }

  note(what: string): void {
    this.trace.note(this.time.now, what)
  }

  /** Asks every checker; the first that objects ends the run. */
  check(ask: (checker: Checker) => string | undefined): void {
    if (this.#violation !== undefined) return
    const start = systemEnvironment.now()
    for (const checker of this.#checkers) {
      const message = ask(checker)
      if (message === undefined) continue
      this.violate(checker.invariant, message)
      break
    }
    this.#checkMs += systemEnvironment.now() - start
  }

  /** Somebody sets the wall clock of the server's machine. */
  jumpServerClock(byMs: number): void {
    this.serverClock.base += byMs
    if (byMs < 0) for (const checker of this.#checkers) checker.clockSetBack?.()
  }

  /** Asks without ending the run: what is still wrong. */
  findProblem(ask: (checker: Checker) => string | undefined): Violation | undefined {
    for (const checker of this.#checkers) {
      const message = ask(checker)
      if (message !== undefined) return { invariant: checker.invariant, at: this.time.now, message }
    }
    return undefined
  }

  violate(invariant: string, message: string): void {
    if (this.#violation !== undefined) return
    this.#violation = { invariant, at: this.time.now, message }
    this.note(`VIOLATION of ${invariant}: ${message}`)
    this.time.stop()
  }

  /** Something was thrown that nobody expected. */
  complain(error: unknown): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.check((checker) => checker.complained?.(what))
  }

  // What stands behind the globals while clients run.

  wallClock(): number {
    return this.clientClock.base + Math.floor(this.time.now)
  }

  setTimer(callback: () => void, delayMs: number): { cancel(): void } {
    return this.time.after(delayMs, callback)
  }

  random(): number {
    return this.#clientRandom.number()
  }

  print(level: 'error' | 'warn' | 'log', text: string): void {
    // A reader's stock client says with a warning that it may not write.
    if (level === 'error') this.complain(text)
    else this.note(`${level}: ${text}`)
  }

  #onEvent(at: number, order: number): void {
    this.trace.event(at, order)
    if (this.trace.count > maxEvents) {
      this.violate('comes-to-an-end', `more than ${maxEvents} events, the last at ${at} ms`)
    }
  }
}
