import type { Environment } from '../runtime/environment.js'

/** What a transport needs to reach one document. */
export interface TransportRequest {
  /** `ws://` or `wss://` (`http://` and `https://` are taken too), without a slash at its end. */
  readonly serverUrl: string
  readonly documentName: string
  /** Query of the address, as it is at this attempt. */
  readonly params: Readonly<Record<string, string>>
  readonly token: string | undefined
  readonly environment: Environment
}

/** How a transport ended. */
export interface TransportClose {
  /** WebSocket close code; 1006 where the transport was lost or never came to be. */
  readonly code: number
  readonly reason: string
  /** The event that a browser gave, for those who look into it. */
  readonly event: unknown
}

export interface TransportHandlers {
  /** It can send from now on. `isExtended`: the server may speak `cairn.v1`; hello makes it sure. */
  onOpen(isExtended: boolean): void
  /** A whole message; the receiver may keep it. */
  onMessage(message: Uint8Array): void
  /** Something went wrong; a close follows. */
  onError(event: unknown): void
  /** Last call, exactly once, also where it never opened; not after `close`. */
  onClose(close: TransportClose): void
}

/** One attempt to exchange messages with a server: whole messages, in order, both ways. */
export interface Transport {
  readonly kind: 'websocket' | 'events'
  /** Only between `onOpen` and the end; else it does nothing. */
  send(message: Uint8Array): void
  /** Ends it with this code. No handler is called any more. */
  close(code: number): void
}

/**
 * Starts at once and returns before any handler is called. A transport that cannot even be tried
 * (a browser that forbids it) throws.
 */
export type OpenTransport = (request: TransportRequest, handlers: TransportHandlers) => Transport
