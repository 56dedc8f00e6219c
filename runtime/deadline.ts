import type { Environment, Timer } from './environment.js'

/** One moment after which nobody waits any longer. Its owner cancels it. */
export class Deadline {
  readonly #passed: Promise<'passed'>
  readonly #timer: Timer

  constructor(environment: Environment, delayMs: number) {
    let pass: (value: 'passed') => void = () => undefined
    this.#passed = new Promise((resolve) => {
      pass = resolve
    })
    this.#timer = environment.setTimer(() => pass('passed'), delayMs)
  }

  /** Resolves with `promise`, or when the deadline passes; rejects only before that. */
  async race(promise: Promise<unknown>): Promise<'done' | 'passed'> {
    return Promise.race([promise.then(() => 'done' as const), this.#passed])
  }

  cancel(): void {
    this.#timer.cancel()
  }
}
