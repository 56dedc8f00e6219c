import type { DocumentStore } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import type { DocumentWorker } from './document-worker.js'
import { Guard } from './guard.js'
import { guardEnvironment } from './guarded-environment.js'
import { defaultLimits, type ServerLimits } from './limits.js'
import { type Logger, silentLogger } from './logger.js'
import { withDefaults } from './numeric-options.js'
import {
  type PresenceOptions,
  type ResolvedPresenceOptions,
  resolvePresenceOptions,
} from './presence-options.js'
import type { Authenticate } from './principal.js'

/** Every interval of the document server, in milliseconds. */
export interface ServerTimings {
  /** How long a document without connections stays in memory. @default 10,000 */
  readonly unloadMs: number
  /** How long a document that was found damaged is refused without reading it. @default 30,000 */
  readonly quarantineMs: number
  /** How long an unused replica of the embedding program is kept. @default 60,000 */
  readonly replicaMs: number
  /**
   * After this long without a message a connection is sent an empty one, since y-websocket gives up
   * a connection that is silent for 30 s. @default 20,000
   */
  readonly keepAliveMs: number
  /**
   * A connection that was not heard for this long is asked for a sign of life. 0 never asks.
   * @default 25,000
   */
  readonly heartbeatMs: number
  /** A connection that does not answer for this long is lost. @default 10,000 */
  readonly heartbeatTimeoutMs: number
  /** How often the server looks at what waits. @default 1,000 */
  readonly tickMs: number
}

export const defaultTimings: ServerTimings = Object.freeze({
  unloadMs: 10_000,
  quarantineMs: 30_000,
  replicaMs: 60_000,
  keepAliveMs: 20_000,
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 10_000,
  tickMs: 1_000,
})

/** Limits of the thread that compacts documents. */
export interface WorkerOptions {
  /** Heap of the thread, in MiB. @default 512 */
  readonly memoryMb: number
  /** Milliseconds after which a job is given up. @default 30,000 */
  readonly jobMs: number
}

export interface ServerOptions {
  /** Where documents are kept. The server opens it in `listen` or `open`, and closes it. */
  readonly store: DocumentStore
  /**
   * Says who a connection is and what it may do.
   * @default everybody may write, and nobody has a name
   */
  readonly authenticate?: Authenticate
  /** Path before the document name, as `/collaboration/`. @default '/' */
  readonly path?: string
  /**
   * Whether the name in the address is percent-decoded. False keeps the names that y-websocket's own
   * server used. @default true
   */
  readonly decodeNames?: boolean
  /** @default defaultLimits */
  readonly limits?: Partial<ServerLimits>
  /** @default defaultTimings */
  readonly timings?: Partial<ServerTimings>
  readonly worker?: Partial<WorkerOptions>
  /**
   * Does the work of that thread instead of it; the server closes it. For simulations, which have no
   * threads. @internal
   */
  readonly documentWorker?: DocumentWorker
  /** How presence is kept: grace period, stamp, limits. */
  readonly presence?: PresenceOptions
  /**
   * Whether snapshots drop the content of what was deleted. False keeps it, for applications that
   * show old versions with `Y.Snapshot`. @default true
   */
  readonly gc?: boolean
  /** @default says nothing */
  readonly logger?: Logger
  /** Clock, timers and randomness; for tests and simulations. @default the real ones */
  readonly environment?: Environment
}

export interface ResolvedOptions {
  readonly store: DocumentStore
  readonly authenticate: Authenticate | undefined
  readonly path: string
  readonly decodeNames: boolean
  readonly limits: ServerLimits
  readonly timings: ServerTimings
  readonly worker: WorkerOptions
  readonly documentWorker: DocumentWorker | undefined
  readonly presence: ResolvedPresenceOptions
  readonly gc: boolean
  readonly logger: Logger
  readonly guard: Guard
  readonly environment: Environment
}

/** @throws TypeError naming the option, what was expected and what came */
export function resolveOptions(options: ServerOptions): ResolvedOptions {
  const { path = '/' } = options
  if (!path.startsWith('/') || !path.endsWith('/')) {
    throw new TypeError(`option path must start and end with a slash, got ${JSON.stringify(path)}`)
  }
  const logger = options.logger ?? silentLogger
  const guard = new Guard(logger)
  return Object.freeze({
    store: options.store,
    authenticate: options.authenticate,
    path,
    decodeNames: options.decodeNames ?? true,
    limits: withDefaults('limits', defaultLimits, options.limits),
    timings: withDefaults('timings', defaultTimings, options.timings),
    worker: withDefaults('worker', { memoryMb: 512, jobMs: 30_000 }, options.worker),
    documentWorker: options.documentWorker,
    presence: resolvePresenceOptions(options.presence),
    gc: options.gc ?? true,
    logger,
    guard,
    environment: guardEnvironment(options.environment ?? systemEnvironment, guard),
  })
}
