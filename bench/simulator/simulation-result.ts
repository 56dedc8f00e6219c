import type { ClientConvergence } from './convergence.js'
import type { TraceLine } from './event-trace.js'
import type { FaultEvent } from './fault-plan.js'
import type { HistoryLane } from './history.js'
import type { SimulationOptions } from './simulation-options.js'
import type { Violation } from './world.js'

/** What one run came to: everything that a report shows of it. Times are simulated milliseconds. */
export interface SimulationResult {
  readonly seed: number
  readonly options: SimulationOptions
  /** The same seed gives the same hash; see `EventTrace`. */
  readonly hash: string
  readonly violation: Violation | undefined
  readonly events: number
  readonly simulatedMs: number
  /** Real milliseconds that the run took, and those of them spent in checkers. */
  readonly realMs: number
  readonly checkMs: number
  readonly faults: readonly FaultEvent[]
  /** The server and each client: when it was up or connected, and what was wrong with its link. */
  readonly lanes: readonly HistoryLane[]
  /** How long after the heal each client had everything; empty where nothing was healed. */
  readonly convergence: readonly ClientConvergence[]
  /** When everything was healed, and when all was well after that; undefined where it came not so far. */
  readonly healedAt: number | undefined
  readonly restedAt: number | undefined
  readonly serverStarts: number
  readonly edits: number
  /** The last that happened; empty where nothing was violated. */
  readonly tail: readonly TraceLine[]
}
