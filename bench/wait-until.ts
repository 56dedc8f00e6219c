import type { Environment } from '../runtime/environment.js'

export interface WaitOptions {
  readonly environment: Environment
  /** Milliseconds after which the wait fails. */
  readonly deadlineMs: number
  /** What is waited for and how far it has come, for the error of a wait that failed. */
  readonly describe: () => string
}

/**
 * Waits until `condition` holds, by asking again at each event of `subscribe`, which registers a
 * listener and returns the function that takes it away. A condition that throws ends the wait.
 *
 * @throws Error saying what did not happen within the deadline
 */
export function waitUntil(
  condition: () => boolean,
  subscribe: (check: () => void) => () => void,
  { environment, deadlineMs, describe }: WaitOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    let unsubscribe = (): void => undefined
    const settle = (finish: () => void): void => {
      if (isSettled) return
      isSettled = true
      unsubscribe()
      timer.cancel()
      finish()
    }
    const check = (): void => {
      if (isSettled) return
      try {
        if (condition()) settle(resolve)
      } catch (error) {
        settle(() => reject(error))
      }
    }
    const timer = environment.setTimer(() => {
      settle(() => reject(new Error(`not within ${deadlineMs} ms: ${describe()}`)))
    }, deadlineMs)
    unsubscribe = subscribe(check)
    if (isSettled) unsubscribe()
    else check()
  })
}
