import type { Environment, Timer } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'

/** The real environment, counting the timers that have neither fired nor been cancelled. */
export class TimerCount implements Environment {
  #pending = 0

  get pending(): number {
    return this.#pending
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    this.#pending++
    let isPending = true
    const settle = (): void => {
      if (isPending) this.#pending--
      isPending = false
    }
    const timer = systemEnvironment.setTimer(() => {
      settle()
      callback()
    }, delayMs)
    return {
      cancel: () => {
        settle()
        timer.cancel()
      },
    }
  }

  now(): number {
    return systemEnvironment.now()
  }

  wallClock(): number {
    return systemEnvironment.wallClock()
  }

  defer(callback: () => void): void {
    systemEnvironment.defer(callback)
  }

  random(): number {
    return systemEnvironment.random()
  }

  randomBytes(length: number): Uint8Array {
    return systemEnvironment.randomBytes(length)
  }
}
