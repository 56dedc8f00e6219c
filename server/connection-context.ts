import type { Document, DocumentUser } from './document.js'
import type { DocumentContext } from './document-context.js'
import type { Guard } from './guard.js'
import type { OpenDocument } from './open-document.js'
import type { ResolvedOptions } from './options.js'
import type { ConnectionRequest, Principal } from './principal.js'

/** What every connection of a server shares. */
export interface ConnectionContext {
  readonly options: ResolvedOptions
  readonly guard: Guard
  readonly document: DocumentContext
  /**
   * Whether a resumed position counts although the client does not say what it has. For streams whose
   * readers keep no document.
   */
  readonly trustsPositions: boolean
  /** @throws UNAUTHENTICATED, or the `CairnError` that the application's callback threw */
  authenticate(request: ConnectionRequest): Promise<Principal>
  /** Opens a document and keeps it for `user`. */
  use(name: string, user: DocumentUser): Promise<{ document: Document; open: OpenDocument }>
}
