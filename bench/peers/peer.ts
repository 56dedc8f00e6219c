import type { Environment } from '../../runtime/environment.js'
import type { LoadTarget } from '../load/load-target.js'

/** A server that runs. */
export interface RunningPeer {
  readonly target: LoadTarget
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** A server that can be compared. */
export interface Peer {
  readonly id: string
  readonly name: string
  /** What an update survives when the server has taken it, in a few words. */
  readonly durability: string
  /** Whether what clients wrote is there after a restart. */
  readonly isPersistent: boolean
  /** Whether it tells an author that it has taken an update. */
  readonly acknowledges: boolean
  /** Whether who comes later gets what was written before. A relay gives nothing. */
  readonly keepsDocuments: boolean
  /**
   * Starts it on any free port, with its data in `directory`.
   * @throws Error saying what it wrote, where it does not come up
   */
  start(environment: Environment, directory: string): Promise<RunningPeer>
}
