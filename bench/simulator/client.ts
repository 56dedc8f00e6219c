import type { ClientState } from './checker.js'
import type { Link } from './link.js'

/** A client of the simulation, whatever it is and means. */
export interface SimulatedClient {
  readonly link: Link
  /** What checkers need; undefined for a client that owes nothing to anybody. */
  readonly state: ClientState | undefined
  start(): void
  /** Does the next thing that such a client does. */
  act(): void
  /** Leaves or comes back. */
  toggle(): void
  /** Stops reading for a while. */
  stall(forMs: number): void
  /** From now on it is there and means nothing else but to be there. */
  settle(): void
  /** Leaves for good. */
  leave(): void
}
