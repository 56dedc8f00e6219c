import type { ProviderError } from './provider-error.js'

/**
 * - `connecting`: the first attempt since the start, or since `connect`.
 * - `syncing`: connected, and not everything has arrived yet.
 * - `live`: everything that the server had has arrived, and edits go out as they are made.
 * - `reconnecting`: lost; it tries again by itself.
 * - `offline`: not connected: `disconnect` was called, or the system has no network (then it tries
 *   all the same).
 * - `closed`: it will not come back by itself; `reason` says why.
 */
export type ConnectionStateName =
  | 'connecting'
  | 'syncing'
  | 'live'
  | 'reconnecting'
  | 'offline'
  | 'closed'

/** The connection as it stands; another object after each change. */
export interface ConnectionStatus {
  readonly state: ConnectionStateName
  /** When it came to this state, in milliseconds since the Unix epoch. */
  readonly since: number
  /** Attempts that failed since the last sync. */
  readonly attempts: number
  /** Of the last heartbeat, in milliseconds; undefined before the first. */
  readonly latencyMs: number | undefined
  /** When it was last synced, in milliseconds since the Unix epoch. */
  readonly lastConnected: number | undefined
  readonly transport: 'websocket' | 'events' | undefined
  /** What the server lets this client do; undefined while it has not said. */
  readonly access: 'read' | 'write' | undefined
  /** Why the last connection or attempt ended; undefined while one stands. */
  readonly reason: ProviderError | undefined
}
