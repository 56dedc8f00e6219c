import type { Environment } from '../runtime/environment.js'
import type { Guard } from './guard.js'

/**
 * The same time and chance, with timers whose callbacks run guarded: what one of them throws is
 * logged and ends neither the process nor the work of others.
 */
export function guardEnvironment(environment: Environment, guard: Guard): Environment {
  return {
    now: () => environment.now(),
    wallClock: () => environment.wallClock(),
    random: () => environment.random(),
    randomBytes: (length) => environment.randomBytes(length),
    setTimer: (callback, delayMs) =>
      environment.setTimer(() => guard.notify('a timer', callback), delayMs),
    defer: (callback) => environment.defer(() => guard.notify('a deferred call', callback)),
  }
}
