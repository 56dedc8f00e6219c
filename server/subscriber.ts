import type { MessageSocket } from '../runtime/message-socket.js'
import type { PresenceOwner } from './presence-owner.js'

/** A connection as fan-out sees it: a socket and a place in the log. */
export interface Subscriber extends PresenceOwner {
  readonly socket: MessageSocket
  /** The last sequence that it was sent; records after it are owed. */
  cursor: number
  /** Whether it speaks `cairn.v1`. */
  readonly isExtended: boolean
  /** What it was told of presence, as `PresenceTable.mark` counts. */
  presenceMark: number
  /** Set while its socket has not taken what it was sent. */
  readonly lag: Lag | undefined
  startLag(lag: Lag): void
  endLag(): void
  /** The acknowledgement that is due, as a message. */
  takeAcknowledgement(): Uint8Array | undefined
  /** Something was just written to the socket. */
  wrote(now: number): void
}

export interface Lag {
  readonly since: number
  /** Bytes that waited when they were last seen to shrink, and when that was. */
  waiting: number
  progressAt: number
}
