import type { MessageSocket } from '../runtime/message-socket.js'
import type { LagWatch } from './lag-watch.js'
import type { PresenceOwner } from './presence-owner.js'

/** A connection as fan-out sees it: a socket and a place in the log. */
export interface Subscriber extends PresenceOwner {
  readonly socket: MessageSocket
  /** The last sequence that it was sent; records after it are owed. */
  cursor: number
  /** Whether it speaks `cairn.v1`. */
  readonly isExtended: boolean
  /** Whether it speaks the extension and was not told the document's epoch, which it had none then. */
  isEpochDue: boolean
  /** What it was told of presence, as `PresenceTable.mark` counts. */
  presenceMark: number
  readonly lag: LagWatch
  /** The acknowledgement that is due, as a message. */
  takeAcknowledgement(): Uint8Array | undefined
  /** Something was just written to the socket. */
  wrote(now: number): void
}
