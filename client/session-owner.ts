import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type {
  AccessMessage,
  HelloMessage,
  ReceivedSignalMessage,
  SignalReceiptMessage,
} from '../protocol/message.js'
import type { Environment } from '../runtime/environment.js'
import type { KnownPlace } from './known-place.js'
import type { ProviderError } from './provider-error.js'
import type { UnsavedChanges } from './unsaved-changes.js'

/** What a session is part of, and whom it tells. */
export interface SessionOwner {
  readonly environment: Environment
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly place: KnownPlace
  readonly unsaved: UnsavedChanges
  /** The origin of what it applies to the Y.Doc. */
  readonly origin: object
  readonly tab: string
  onHello(hello: HelloMessage): void
  /** The document of the server is not the one that this Y.Doc belongs to. */
  onReset(former: Uint8Array, present: Uint8Array): void
  onSynced(): void
  /** Something was acknowledged, refused, or is newly unsaved. */
  onUnsavedChanged(): void
  onAccess(access: AccessMessage): void
  onRejected(error: ProviderError, changes: number): void
  onPermissionDenied(reason: string): void
  onAway(clientIDs: readonly number[], isAway: boolean): void
  onSignal(signal: ReceivedSignalMessage): void
  onSignalReceipt(receipt: SignalReceiptMessage): void
  onEpoch(epoch: Uint8Array): void
  onLatency(latencyMs: number): void
  onUnknown(messageType: number, frame: Uint8Array): void
  /** The transport carries nothing any more. */
  onLost(): void
  /** Applying what came threw; an observer of the application may have. */
  onError(error: unknown): void
}
