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
  /** Why the last connection or attempt ended; undefined once it is live again. */
  readonly reason: ProviderError | undefined
}

/** Of a provider that nobody has asked to connect. */
export function firstStatus(since: number): ConnectionStatus {
  return Object.freeze({
    state: 'offline',
    since,
    attempts: 0,
    latencyMs: undefined,
    lastConnected: undefined,
    transport: undefined,
    access: undefined,
    reason: undefined,
  })
}

/** `before` itself where nothing has changed. @param now in milliseconds since the Unix epoch */
export function nextStatus(
  before: ConnectionStatus,
  present: Omit<ConnectionStatus, 'since'>,
  now: number,
): ConnectionStatus {
  const isSame =
    before.state === present.state &&
    before.attempts === present.attempts &&
    before.latencyMs === present.latencyMs &&
    before.lastConnected === present.lastConnected &&
    before.transport === present.transport &&
    before.access === present.access &&
    before.reason === present.reason
  if (isSame) return before
  const since = before.state === present.state ? before.since : now
  return Object.freeze({ ...present, since })
}
