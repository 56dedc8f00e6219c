import type { Environment } from '../runtime/environment.js'

/** What six bytes hold. */
const latest = 2 ** 48 - 1

/** The wall clock in whole milliseconds, held to what a record can carry if the clock is wrong. */
export function recordTime(environment: Environment): number {
  return Math.min(Math.max(0, Math.floor(environment.wallClock())), latest)
}
