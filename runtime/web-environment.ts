import type { Environment } from './environment.js'

/** What is longer fires at once, by the rules of browsers and Node. About 25 days. */
const longestMs = 2_147_483_647

/** The real clock, timers and randomness of a browser, a worker or Node. */
export const webEnvironment: Environment = {
  now: () => performance.now(),
  wallClock: () => Date.now(),
  setTimer(callback, delayMs) {
    let timeout: ReturnType<typeof setTimeout>
    const wait = (leftMs: number): void => {
      if (leftMs <= longestMs) timeout = setTimeout(callback, leftMs)
      else timeout = setTimeout(wait, longestMs, leftMs - longestMs)
    }
    wait(delayMs)
    return { cancel: () => clearTimeout(timeout) }
  },
  defer(callback) {
    setTimeout(callback, 0)
  },
  random: () => Math.random(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}
