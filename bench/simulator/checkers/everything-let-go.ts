import type { Checker, LoadSample } from '../checker.js'

/** Timers of a server that has nobody: the one that ticks, and one to end an idle thread. */
const idleTimers = 2

/** When everybody has left, documents, connections and their timers go. */
export class EverythingLetGo implements Checker {
  readonly invariant = 'everything-let-go'

  emptied({ connections, documents, timers }: LoadSample): string | undefined {
    if (connections > 0) return `${connections} connections are left though nobody is there`
    if (documents > 0) return `${documents} documents are in memory though nobody is there`
    return timers > idleTimers ? `${timers} timers are left though nobody is there` : undefined
  }
}
