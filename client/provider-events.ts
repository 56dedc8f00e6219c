import type { ConnectionStatus } from './connection-status.js'
import type { ProviderError } from './provider-error.js'
import type { CloseLike } from './provider-options.js'

/** The events of a provider that do not name it: two of y-websocket, and those of Cairn. */
export type CoreEvents = {
  /** Whether everything that the server had has arrived; the two names are y-websocket's. */
  sync: (isSynced: boolean) => void
  synced: (isSynced: boolean) => void
  /** The connection stands otherwise; `provider.status` is the same object. */
  state: (status: ConnectionStatus) => void
  /** Whether everything in the Y.Doc is durable at the server has changed. */
  saved: (isSaved: boolean) => void
  /** The number of changes that are not acknowledged has changed. */
  'unsaved-changes': (count: number) => void
  /** The server refused changes, or would: they are in the Y.Doc and nowhere else. */
  rejected: (rejection: Rejection) => void
  /** The document was deleted, and perhaps made again; the provider has stopped. */
  reset: (epochs: { readonly former: Uint8Array; readonly present: Uint8Array }) => void
  /** The server lets this client do something else from now on. */
  access: (access: 'read' | 'write') => void
  /** The connections of these clients were lost; they may be back soon. */
  away: (clientIDs: readonly number[]) => void
  back: (clientIDs: readonly number[]) => void
  signal: (signal: ReceivedSignal) => void
  /** Something went wrong that has no other event: a token, the database, an update. */
  error: (error: unknown) => void
}

/** The events of a provider. */
export type ProviderEvents<Provider> = CoreEvents & {
  status: (event: { readonly status: 'connecting' | 'connected' | 'disconnected' }) => void
  /** null where the connection was ended here. */
  'connection-close': (event: CloseLike | null, provider: Provider) => void
  'connection-error': (event: unknown, provider: Provider) => void
  /** The server closed for good. */
  closed: (close: { readonly code: number; readonly reason: string }, provider: Provider) => void
}

export interface Rejection {
  /** `FORBIDDEN`, `TOO_LARGE`, `RATE` and other codes of docs/PROTOCOL.md. */
  readonly error: ProviderError
  /** How many changes it is about. */
  readonly changes: number
}

export interface ReceivedSignal {
  /** The connection it came from, which is another after each reconnect. */
  readonly from: string
  /** Who sent it, as the server knows; empty where nobody authenticates. */
  readonly principal: string
  readonly value: unknown
}
