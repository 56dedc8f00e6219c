import type { DocumentStore } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import type { DocumentWorker } from './document-worker.js'
import type { Guard } from './guard.js'
import type { ServerLimits } from './limits.js'
import type { Logger } from './logger.js'
import type { ServerTimings } from './options.js'
import type { SnapshotCache } from './snapshot-cache.js'

/** What every document of a server shares. */
export interface DocumentContext {
  readonly environment: Environment
  readonly store: DocumentStore
  readonly limits: ServerLimits
  readonly timings: ServerTimings
  readonly logger: Logger
  readonly guard: Guard
  readonly worker: DocumentWorker
  readonly snapshots: SnapshotCache
}
