import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type * as Y from 'yjs'
import type { StoreHealth } from '../persistence/document-store.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { Deadline } from '../runtime/deadline.js'
import type { Timer } from '../runtime/environment.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import { TimerWheel } from '../runtime/timer-wheel.js'
import { createAuthenticator } from './authenticator.js'
import { CompactionQueue } from './compaction-queue.js'
import { Connection } from './connection.js'
import type { ConnectionContext } from './connection-context.js'
import type { DocumentContext } from './document-context.js'
import { type DocumentHandle, DocumentHandles } from './document-handle.js'
import { DocumentRegistry } from './document-registry.js'
import { type DocumentWorker, ThreadDocumentWorker } from './document-worker.js'
import { readDocument, transactDocument } from './embedding.js'
import { EventStreamRoutes } from './event-stream-routes.js'
import { FanOutBudget } from './fan-out-budget.js'
import type { Guard } from './guard.js'
import { HttpListener, type ListenAddress } from './http-listener.js'
import { requireRoom } from './limits.js'
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.js'
import { PresenceTable } from './presence-table.js'
import type { ConnectionRequest } from './principal.js'
import { SnapshotCache } from './snapshot-cache.js'
import { Upgrader } from './upgrader.js'

type ServerState =
  | { readonly name: 'new' }
  | { readonly name: 'opening'; readonly opened: Promise<void> }
  | { readonly name: 'open' }
  | { readonly name: 'closing'; readonly done: Promise<void> }
  | { readonly name: 'closed' }

/** Whoever is sent away by a drain is told to come back at some time within this, for each of them. */
const spreadMsEach = 2
const maxSpreadMs = 10_000

/** Makes a document server. It does nothing until `listen`, `open` or the first upgrade. */
export function createServer(options: ServerOptions): CairnServer {
  return new CairnServer(resolveOptions(options))
}

/**
 * A sync server for Yjs documents: `listen` serves on a port of its own, `handleUpgrade` serves the
 * WebSockets of an HTTP server that is there already.
 */
export class CairnServer {
  readonly #options: ResolvedOptions
  readonly #guard: Guard
  readonly #wheel: TimerWheel
  /** Read once: a wall clock that is set back must not lower the clocks of presence. */
  readonly #wallClockOffsetMs: number
  readonly #handles: DocumentHandles
  readonly #worker: DocumentWorker
  readonly #documents: DocumentRegistry
  readonly #connections = new Set<Connection>()
  readonly #connectionContext: ConnectionContext
  readonly #upgrader: Upgrader
  readonly #eventStreams: EventStreamRoutes
  #state: ServerState = { name: 'new' }
  #http: HttpListener | undefined
  #tickTimer: Timer | undefined
  #storeState: StoreHealth['state'] = 'ready'
  #stopWatching: () => void = () => undefined
  #onLastConnectionGone: (() => void) | undefined

  /** Use `createServer`. */
  constructor(options: ResolvedOptions) {
    const { environment, guard, limits, logger, store, timings, worker, gc } = options
    this.#options = options
    this.#guard = guard
    this.#wheel = new TimerWheel(environment)
    this.#wallClockOffsetMs = environment.wallClock() - environment.now()
    this.#worker =
      options.documentWorker ??
      new ThreadDocumentWorker(environment, {
        ...worker,
        idleMs: timings.unloadMs,
        queue: limits.workerQueue,
        gc,
      })
    const document: DocumentContext = {
      environment,
      store,
      limits,
      timings,
      logger,
      guard: this.#guard,
      worker: this.#worker,
      compactions: new CompactionQueue(limits.workerQueue),
      snapshots: new SnapshotCache(limits.snapshotCacheBytes),
      wheel: this.#wheel,
      fanOutBudget: new FanOutBudget(),
      onPresence: (name, events) => this.#handles.tell(name, events),
    }
    this.#handles = new DocumentHandles(this.#guard, (name) => this.#documents.find(name))
    this.#documents = new DocumentRegistry(document, (name) => this.#createPresence(name))
    const authenticate = createAuthenticator(options.authenticate)
    this.#connectionContext = {
      options,
      guard: this.#guard,
      document,
      trustsPositions: false,
      authenticate: async (request) => {
        await this.open()
        return authenticate(request)
      },
      use: (name, user) => this.#documents.use(name, user),
    }
    this.#upgrader = new Upgrader(options, (socket, request, isExtended) =>
      this.#accept(socket, request, isExtended),
    )
    const readerContext = readingOnly(this.#connectionContext)
    this.#eventStreams = new EventStreamRoutes(options, (socket, request, access) =>
      this.#accept(socket, request, true, access === 'read' ? readerContext : undefined),
    )
  }

  /** Connections that stand, joining ones included. */
  get connectionCount(): number {
    return this.#connections.size
  }

  /** Documents in memory. */
  get documentCount(): number {
    return this.#documents.size
  }

  /**
   * Opens the store. Idempotent; `listen` and the first upgrade do it too.
   * @throws STORE_LOCKED, STORE_DAMAGED, STORE_UNKNOWN_FORMAT; GOING_AWAY after `close`
   */
  open(): Promise<void> {
    switch (this.#state.name) {
      case 'new': {
        const opened = this.#open()
        this.#state = { name: 'opening', opened }
        return opened
      }
      case 'opening':
        return this.#state.opened
      case 'open':
        return Promise.resolve()
      case 'closing':
      case 'closed':
        return Promise.reject(new CairnError('GOING_AWAY', 'the server was closed'))
    }
  }

  /**
   * Opens the store and serves WebSockets and event streams, a line of text and `/healthz`.
   * @param address port 0 takes any free one; @default port 1234 on 127.0.0.1
   * @returns where it listens
   */
  async listen(address: Partial<ListenAddress> = {}): Promise<ListenAddress> {
    if (this.#http !== undefined) throw new TypeError('listen was called before')
    const { environment, logger } = this.#options
    const http = new HttpListener({
      environment,
      logger,
      isReady: () => this.#state.name === 'open' && this.#options.store.health.state === 'ready',
      onRequest: (request, response) => this.handleRequest(request, response),
      onUpgrade: (request, socket, head) => {
        if (!this.handleUpgrade(request, socket, head)) socket.destroy()
      },
    })
    this.#http = http
    try {
      await this.open()
      // `close` may have been called while the store opened.
      if (this.#state.name !== 'open') throw goingAway()
      return await http.listen({ port: address.port ?? 1234, host: address.host ?? '127.0.0.1' })
    } catch (error) {
      this.#http = undefined
      throw error
    }
  }

  /**
   * Takes over a WebSocket upgrade of any `node:http` server. Returns false, having done nothing,
   * where the path is not under `options.path`.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#upgrader.handle(request, socket, head)
  }

  /**
   * Takes over a request for an event stream, or for what its client sends, of any `node:http` server
   * (docs/PROTOCOL.md, without a WebSocket). The body must not have been read. Returns false, having
   * done nothing, for every path but `documents/<name>/events` and `documents/<name>/messages` under
   * `options.path`.
   */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#eventStreams.handle(request, response)
  }

  /** Serves a transport of any kind; `isExtended` says whether it speaks `cairn.v1`. */
  accept(socket: MessageSocket, request: ConnectionRequest, isExtended = false): Connection {
    return this.#accept(socket, request, isExtended)
  }

  /**
   * Changes a document from the embedding program: `change` gets a Y.Doc with everything durable in
   * it and must be done when it returns. Its edits take the path of a client's.
   *
   * @param principal stands in the record as who wrote it
   * @returns what `change` returned, once its edits are durable
   * @throws what `change` throws, then nothing was changed; STORE_UNAVAILABLE, LIMIT_REACHED,
   *   TOO_LARGE, RATE
   */
  async transact<Result>(
    name: string,
    change: (doc: Y.Doc) => Result,
    principal = '',
  ): Promise<Result> {
    await this.open()
    return transactDocument(this.#connectionContext, name, change, principal)
  }

  /** A document by name, for what the embedding program wants to know of it while it runs. */
  document(name: string): DocumentHandle {
    return this.#handles.handle(name)
  }

  /** A Y.Doc of its own with everything durable in it; the caller destroys it. */
  async read(name: string): Promise<Y.Doc> {
    await this.open()
    return readDocument(this.#connectionContext, name)
  }

  /**
   * Drains: no new connections, nothing more is read, what was read becomes durable and is shown and
   * acknowledged, connections close with 1012 and are told when to come back, each at another time,
   * the store closes. Idempotent.
   * @param options.deadlineMs after which what still stands is cut off; @default 10,000
   */
  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    if (this.#state.name === 'closing') return this.#state.done
    if (this.#state.name === 'closed') return Promise.resolve()
    const opened = this.#state.name === 'opening' ? this.#state.opened : Promise.resolve()
    const done = this.#drain(opened, options.deadlineMs ?? 10_000).finally(() => {
      this.#state = { name: 'closed' }
    })
    this.#state = { name: 'closing', done }
    return done
  }

  async #open(): Promise<void> {
    try {
      await this.#options.store.open()
    } catch (error) {
      if (this.#state.name === 'opening') this.#state = { name: 'new' }
      throw error
    }
    if (this.#state.name !== 'opening') return
    this.#state = { name: 'open' }
    this.#stopWatching = this.#options.store.onHealth((health) => this.#logHealth(health))
    this.#startTicking()
  }

  #createPresence(documentName: string): PresenceTable {
    const { presence } = this.#options
    const wallClockOffsetMs = this.#wallClockOffsetMs
    return new PresenceTable({ documentName, presence, wallClockOffsetMs })
  }

  #accept(
    socket: MessageSocket,
    request: ConnectionRequest,
    isExtended: boolean,
    context = this.#connectionContext,
  ): Connection {
    const connection = new Connection(context, socket, { request, isExtended }, (closed) =>
      this.#forget(closed),
    )
    this.#connections.add(connection)
    try {
      if (this.#state.name === 'closing' || this.#state.name === 'closed') throw goingAway()
      const { limits, environment } = this.#options
      requireRoom('connections', this.#connections.size, limits, environment)
    } catch (error) {
      connection.close(toCairnError(error))
    }
    return connection
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onLastConnectionGone?.()
  }

  #logHealth(health: StoreHealth): void {
    const { logger } = this.#options
    const hasChanged = health.state !== this.#storeState
    this.#storeState = health.state
    // Each try in vain is told as well.
    if (!hasChanged) return
    if (health.state === 'ready') logger.info({}, 'the store takes writes again')
    if (health.state !== 'unavailable') return
    const { message } = health.error
    logger.error({ error: message }, 'the store takes no writes; it is tried again by itself')
  }

  #startTicking(): void {
    const { environment, timings } = this.#options
    this.#tickTimer = environment.setTimer(() => {
      this.#documents.tick(environment.now())
      this.#startTicking()
    }, timings.tickMs)
  }

  async #drain(opened: Promise<void>, deadlineMs: number): Promise<void> {
    const { environment, store } = this.#options
    const deadline = new Deadline(environment, deadlineMs)
    try {
      await opened.catch(() => undefined)
      const stopped = this.#http?.stop() ?? Promise.resolve()
      for (const connection of this.#connections) connection.stopReading()
      await deadline.race(this.#documents.settle())
      const spreadMs = Math.min(maxSpreadMs, this.#connections.size * spreadMsEach)
      for (const connection of this.#connections) {
        connection.close(goingAway(environment.random() * spreadMs))
      }
      await deadline.race(this.#connectionsGone())
      for (const connection of this.#connections) connection.socket.terminate()
      // What was answered meanwhile left HTTP connections that wait for another request.
      this.#http?.dropResting()
      await deadline.race(stopped)
      await deadline.race(this.#documents.closeAll(goingAway()))
    } finally {
      deadline.cancel()
      this.#tickTimer?.cancel()
      this.#wheel.stop()
      this.#stopWatching()
      await this.#worker.close()
      await store.close()
    }
  }

  #connectionsGone(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onLastConnectionGone = resolve
    })
  }
}

function goingAway(retryAfterMs = 0): CairnError {
  return new CairnError('GOING_AWAY', 'the server is closing', { retryAfterMs })
}

/** Where everybody may do no more than read. */
function readingOnly(context: ConnectionContext): ConnectionContext {
  return {
    ...context,
    trustsPositions: true,
    authenticate: async (request) => ({ ...(await context.authenticate(request)), access: 'read' }),
  }
}
