import { waitUntil } from '../bench/wait-until.js'
import { systemEnvironment } from '../runtime/system-environment.js'

/** Something that says when it may have changed; returns what stops that. */
export interface Changing {
  onChange(listener: () => void): () => void
}

/** Shorter than the 15 s after which a client renews its presence, so that a hole is seen as one. */
const deadlineMs = 10_000

/** Waits by event, never by time, until `condition` holds; fails naming `what` after a deadline. */
export function waitFor(
  what: string,
  condition: () => boolean,
  ...sources: readonly Changing[]
): Promise<void> {
  return waitUntil(
    condition,
    (check) => {
      const stops = sources.map((source) => source.onChange(check))
      return () => {
        for (const stop of stops) stop()
      }
    },
    { environment: systemEnvironment, deadlineMs, describe: () => what },
  )
}

/** For the few things that say nothing when they change: looks a hundred times a second. */
export const polled: Changing = {
  onChange(listener) {
    const look = (): void => {
      listener()
      timer = systemEnvironment.setTimer(look, 10)
    }
    let timer = systemEnvironment.setTimer(look, 10)
    return () => timer.cancel()
  },
}
