import type { Environment, Timer } from '../../runtime/environment.js'
import type { VirtualTime } from '../../runtime/virtual-time.js'
import type { RandomStream } from './random-stream.js'

/** What a process does that the world can see. */
export type Effect = 'send' | 'close' | 'disk' | 'file' | 'timer' | 'worker'

/** The wall clock of a machine, which somebody may set. */
export interface MachineClock {
  /** Milliseconds since the Unix epoch when the simulation began, with all jumps since. */
  base: number
}

/**
 * The environment of one process. It can be killed before any of its effects: from then on nothing
 * that it does reaches the world, and nothing of the world reaches it, while promises that it left
 * behind may still run to no purpose. That is what a crash at any `await` looks like from outside.
 */
export class SimulatedProcess implements Environment {
  readonly #time: VirtualTime
  readonly #clock: MachineClock
  readonly #random: RandomStream
  #isAlive = true
  #effects = 0
  #dieAtEffect = Number.POSITIVE_INFINITY
  #timers = 0
  readonly #onDeath: () => void

  constructor(time: VirtualTime, clock: MachineClock, random: RandomStream, onDeath: () => void) {
    this.#time = time
    this.#clock = clock
    this.#random = random
    this.#onDeath = onDeath
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Timers that are set and have not fired; for the bound on them. */
  get pendingTimers(): number {
    return this.#timers
  }

  kill(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#onDeath()
  }

  /** Kills it in front of the effect that is `count` effects away. */
  killAfter(count: number): void {
    this.#dieAtEffect = this.#effects + count
  }

  /** Announces an effect; false where the process is dead and it must not happen. */
  touch(_effect: Effect): boolean {
    if (!this.#isAlive) return false
    this.#effects++
    if (this.#effects >= this.#dieAtEffect) this.kill()
    return this.#isAlive
  }

  now(): number {
    return this.#time.now
  }

  wallClock(): number {
    return this.#clock.base + this.#time.now
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    if (!this.touch('timer')) return { cancel: () => undefined }
    this.#timers++
    let isSet = true
    const unset = (): void => {
      if (isSet) this.#timers--
      isSet = false
    }
    const happening = this.#time.after(Math.max(0, delayMs), () => {
      unset()
      if (this.#isAlive) callback()
    })
    return {
      cancel: () => {
        unset()
        happening.cancel()
      },
    }
  }

  defer(callback: () => void): void {
    this.#time.after(0, () => {
      if (this.#isAlive) callback()
    })
  }

  random(): number {
    return this.#random.number()
  }

  randomBytes(length: number): Uint8Array {
    return this.#random.bytes(length)
  }

  /**
   * Resolves `delayMs` later with what `work` gives, as system calls do; never once it is dead.
   * @param onLost called instead of `work` where the process died on the way
   */
  call<Result>(
    effect: Effect,
    delayMs: number,
    work: () => Result,
    onLost: () => void = () => undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!this.touch(effect)) return
      this.#time.after(delayMs, () => {
        if (!this.#isAlive) {
          onLost()
          return
        }
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      })
    })
  }
}
