import type { Environment } from './environment.js'

/** The real clock, timers and randomness of a browser, a worker or Node. */
export const webEnvironment: Environment = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  setTimer(callback, delayMs) {
    const timeout = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timeout) }
  },
  defer(callback) {
    setTimeout(callback, 0)
  },
  random: () => Math.random(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}
