import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { ProviderError } from './provider-error.js'
import type { CoreEvents } from './provider-events.js'
import type { TransportClose } from './transport.js'

/** The provider that a core is of: what it needs of it, and whom it tells. */
export interface ProviderHost {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** The provider itself, as the origin of what comes from elsewhere. */
  readonly origin: object
  /** The address without its query; names the tabs and the database. */
  readonly address: string
  readonly tab: string
  /** Whether an attempt may be made: the application may change its mind at any time. */
  mayConnect(): boolean
  shouldReconnect(close: TransportClose): boolean
  emit<Name extends keyof CoreEvents>(name: Name, args: Parameters<CoreEvents[Name]>): void
  /** The connection came to another phase, as y-websocket counts them. */
  onPhase(phase: Phase, before: Phase): void
  onConnectionClose(close: TransportClose | null): void
  onConnectionError(event: unknown): void
  onClosedForGood(error: ProviderError, close: TransportClose | null): void
  onUnknown(messageType: number, frame: Uint8Array): void
}

export type Phase = 'idle' | 'connecting' | 'connected'
