import type { DocumentStore } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import type { TimerWheel } from '../runtime/timer-wheel.js'
import type { CompactionQueue } from './compaction-queue.js'
import type { DocumentWorker } from './document-worker.js'
import type { FanOutBudget } from './fan-out-budget.js'
import type { Guard } from './guard.js'
import type { ServerLimits } from './limits.js'
import type { Logger } from './logger.js'
import type { ServerTimings } from './options.js'
import type { PresenceEvent } from './presence-event.js'
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
  readonly compactions: CompactionQueue
  readonly snapshots: SnapshotCache
  /** One timer for all that waits by the document or the connection. */
  readonly wheel: TimerWheel
  readonly fanOutBudget: FanOutBudget
  /** Somebody came, changed, went away, came back or left. */
  onPresence(documentName: string, events: readonly PresenceEvent[]): void
}
