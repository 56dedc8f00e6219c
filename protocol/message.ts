/**
 * The messages as values. Byte fields are views of the frame they came in, not copies: who keeps
 * one beyond the turn copies it, or keeps the whole frame alive. `docs/PROTOCOL.md` has the bytes.
 */

/** The WebSocket subprotocol that a client asks for to get message types of 100 and above. */
export const extensionProtocol = 'cairn.v1'

/**
 * What stands before a token, in base64url, that comes as another WebSocket subprotocol: browsers
 * can send no header of their own with an upgrade. A server never selects it.
 */
export const tokenProtocolPrefix = 'cairn.token.'

/** The first varint of every message. */
export const messageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  hello: 100,
  acknowledge: 101,
  reject: 102,
  ping: 103,
  pong: 104,
  away: 105,
  back: 106,
  access: 107,
  token: 108,
  signal: 109,
  resume: 110,
  tab: 111,
  position: 112,
  signalReceipt: 113,
} as const

export interface SyncStep1Message {
  readonly type: 'sync-step-1'
  /** `Y.encodeStateVector` form, unread: `decodeStateVector` checks it. */
  readonly stateVector: Uint8Array
}

export interface SyncStep2Message {
  readonly type: 'sync-step-2'
  /** Yjs v1 update, unread: `UpdateScanner` checks it. */
  readonly update: Uint8Array
}

export interface UpdateMessage {
  readonly type: 'update'
  /** Yjs v1 update, unread: `UpdateScanner` checks it. */
  readonly update: Uint8Array
}

export interface AwarenessMessage {
  readonly type: 'awareness'
  /** Unread: `decodeAwareness` checks it. */
  readonly awareness: Uint8Array
}

export interface QueryAwarenessMessage {
  readonly type: 'query-awareness'
}

/** Permission denied; the only kind of auth message there is. */
export interface AuthMessage {
  readonly type: 'auth'
  readonly reason: string
}

/** The other side answers with a pong of the same payload. */
export interface PingMessage {
  readonly type: 'ping'
  readonly payload: Uint8Array
}

export interface PongMessage {
  readonly type: 'pong'
  readonly payload: Uint8Array
}

/** A message type that this version does not know; it is passed over. */
export interface UnknownMessage {
  readonly type: 'unknown'
  readonly messageType: number
}

/** What the server waits for before it acknowledges; see docs/PROTOCOL.md. */
export type AcknowledgedDurability = 'fsync' | 'os' | 'memory'

/** The first message on a connection that asked for the extension. */
export interface HelloMessage {
  readonly type: 'hello'
  readonly connectionId: string
  readonly access: 'read' | 'write'
  /** Which life of the document this is; empty before its first write. */
  readonly epoch: Uint8Array
  /** Where in the log the document stands. Only the server can read it. */
  readonly position: Uint8Array
  readonly durability: AcknowledgedDurability
  readonly maxUpdateBytes: number
  /** Milliseconds; the server sends something at least this often. */
  readonly heartbeatMs: number
}

/** The first `count` update-carrying frames of this connection are durable, or added nothing. */
export interface AcknowledgeMessage {
  readonly type: 'acknowledge'
  readonly count: number
  readonly position: Uint8Array
}

/** One update-carrying frame of this connection was not taken. */
export interface RejectMessage {
  readonly type: 'reject'
  /** Which one: 1 is the first update-carrying frame of this connection. */
  readonly frame: number
  /** A code of the error catalogue; a later server may send one that this version lacks. */
  readonly code: string
  readonly reason: string
  /** Milliseconds to wait before sending it again; 0 means that trying again is of no use. */
  readonly retryAfterMs: number
}

/** The connections of these clients were lost; their states stay for the grace period. */
export interface AwayMessage {
  readonly type: 'away'
  readonly clientIDs: readonly number[]
}

/** These clients are back before their grace period was over. */
export interface BackMessage {
  readonly type: 'back'
  readonly clientIDs: readonly number[]
}

/** Which browser tab the client lives in, the same after a reload. Nobody else is told. */
export interface TabMessage {
  readonly type: 'tab'
  /** A random name of 1 to 64 bytes. */
  readonly tab: string
}

/** What the client may do from now on, and as whom; sent when it is not what hello said, or more. */
export interface AccessMessage {
  readonly type: 'access'
  readonly access: 'read' | 'write'
  /** Who the server takes the client for; empty where nobody authenticates. */
  readonly principal: string
  /** Milliseconds until the token is no longer good; 0 where it stays good. */
  readonly expiresInMs: number
}

/** A newer token for the same principal, so that the connection outlives the one it began with. */
export interface TokenMessage {
  readonly type: 'token'
  readonly token: string
}

/** Where the client stood when it lost its last connection. Sent before sync step 1. */
export interface ResumeMessage {
  readonly type: 'resume'
  readonly epoch: Uint8Array
  readonly position: Uint8Array
}

/** The client has been sent everything up to here. */
export interface PositionMessage {
  readonly type: 'position'
  /** Empty where it is the one that was told last. */
  readonly epoch: Uint8Array
  readonly position: Uint8Array
}

/** An application's word to the other connections of the document, which nobody stores. */
export interface SentSignalMessage {
  readonly type: 'signal'
  /** Comes back in the receipt; 0 asks for none. */
  readonly id: number
  /** JSON by convention; the server does not read it. */
  readonly payload: string
}

/** What another connection of the document sent. */
export interface ReceivedSignalMessage {
  readonly type: 'signal'
  /** The connection that it came from, and its principal, as the server knows them. */
  readonly connectionId: string
  readonly principal: string
  readonly payload: string
}

/** What became of a signal whose id was not 0. */
export interface SignalReceiptMessage {
  readonly type: 'signal-receipt'
  readonly id: number
  /** To how many connections it was written. */
  readonly reached: number
  /** Empty, or a code of the error catalogue for why it was dropped. */
  readonly code: string
  /** Milliseconds to wait before sending it again; 0 where nothing is said. */
  readonly retryAfterMs: number
}

/** What both sides may send. */
export type SharedMessage =
  | SyncStep1Message
  | SyncStep2Message
  | UpdateMessage
  | AwarenessMessage
  | QueryAwarenessMessage
  | AuthMessage
  | PingMessage
  | PongMessage
  | UnknownMessage

/** What a server receives. */
export type ClientMessage =
  | SharedMessage
  | TabMessage
  | TokenMessage
  | ResumeMessage
  | SentSignalMessage

/** What a client receives. */
export type ServerMessage =
  | SharedMessage
  | HelloMessage
  | AcknowledgeMessage
  | RejectMessage
  | AwayMessage
  | BackMessage
  | AccessMessage
  | PositionMessage
  | ReceivedSignalMessage
  | SignalReceiptMessage
