import { randomFillSync } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Environment } from './environment.js'

/** The real clock, timers and randomness; with `simulated-environment.ts` the only user of them. */
export const systemEnvironment: Environment = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  setTimer(callback, delayMs) {
    const timeout = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timeout) }
  },
  defer(callback) {
    setImmediate(callback)
  },
  random: () => Math.random(),
  randomBytes: (length) => randomFillSync(new Uint8Array(length)),
}
