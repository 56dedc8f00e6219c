import { unreachable } from '../runtime/assert.js'
import type { Timer } from '../runtime/environment.js'
import type { ConnectionStateName } from './connection-status.js'
import type { Transport } from './transport.js'
import type { UpwardProbe } from './upward-probe.js'

/** What is said on an open transport, as far as bringing it about is concerned. */
export interface ConnectedSession {
  readonly transport: Transport
  readonly isSynced: boolean
  /** @param mayBeExtended whether the other side may know `cairn.v1` */
  start(mayBeExtended: boolean): void
  receive(message: Uint8Array): void
  /** Looks whether the other side is still there. */
  check(): void
  /** Nothing more is said; the transport is closed by others. */
  stop(): void
}

/**
 *     idle -> preparing -> opening -> open -> ending -> waiting -> preparing ...
 *
 * and from each of them to `idle` (disconnect) or `closed` (for good). Each is an object of its own: who
 * calls the application and finds another there afterwards was overtaken by what the application called.
 */
export type ConnectorState<Session extends ConnectedSession> =
  /** Nobody asked for a connection. */
  | { readonly name: 'idle' }
  /** What an attempt needs is being fetched: the token, the stored document. */
  | { readonly name: 'preparing' }
  | { readonly name: 'opening'; readonly transport: Transport; readonly timer: Timer }
  | { readonly name: 'open'; readonly session: Session; readonly probe: UpwardProbe | undefined }
  /** The transport has ended and the application is being told: it still sees it, as in y-websocket. */
  | {
      readonly name: 'ending'
      readonly transport: Transport | undefined
      readonly session: Session | undefined
      /** Whether the application ended it. */
      readonly isLeaving: boolean
    }
  /** For the next attempt, at `until`; before `notBefore` the server wants none. Both as `now()`. */
  | {
      readonly name: 'waiting'
      readonly timer: Timer
      readonly until: number
      readonly notBefore: number
    }
  | { readonly name: 'closed' }

/**
 * @param isFirst whether no attempt of this start has failed or synced yet
 * @param isOnline what the system says of its network
 */
export function stateName(
  state: ConnectorState<ConnectedSession>,
  isFirst: boolean,
  isOnline: boolean,
): ConnectionStateName {
  switch (state.name) {
    case 'idle':
      return 'offline'
    case 'preparing':
    case 'opening':
      return isFirst ? 'connecting' : 'reconnecting'
    case 'open':
      return state.session.isSynced ? 'live' : 'syncing'
    case 'ending':
      if (state.session !== undefined) return state.session.isSynced ? 'live' : 'syncing'
      return isFirst ? 'connecting' : 'reconnecting'
    case 'waiting':
      return isOnline ? 'reconnecting' : 'offline'
    case 'closed':
      return 'closed'
    default:
      return unreachable(state)
  }
}
