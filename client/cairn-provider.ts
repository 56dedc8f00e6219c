import { ObservableV2 } from 'lib0/observable'
import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { AcknowledgedDurability } from '../protocol/message.js'
import type { Timer } from '../runtime/environment.js'
import type { ConnectionStatus } from './connection-status.js'
import { documentUrl, trimServerUrl } from './document-url.js'
import { handleUnknown, type MessageHandler } from './message-handlers.js'
import { PendingUpdates } from './pending-updates.js'
import { ProviderCore } from './provider-core.js'
import { ProviderError } from './provider-error.js'
import type { ProviderEvents } from './provider-events.js'
import type { Phase, ProviderHost } from './provider-host.js'
import {
  type CloseLike,
  isFinalClose,
  type ProviderOptions,
  type ResolvedProviderOptions,
  resolveProviderOptions,
} from './provider-options.js'
import { createTransports } from './provider-transports.js'
import { reportError } from './report-error.js'
import { TabIdentity } from './tab-identity.js'
import { TokenSource } from './token-source.js'
import type { TransportClose } from './transport.js'
import { followWakeEvents } from './wake-events.js'
import type { WebSocketLike } from './web-globals.js'
import { webSocketOf } from './web-socket-transport.js'

/**
 * Connects a Y.Doc to a document of a server: a drop-in for y-websocket's `WebsocketProvider` that
 * says truthfully what is saved and comes back from any network. The origin of what it applies to
 * the Y.Doc is the provider itself.
 *
 * It owns neither the Y.Doc nor an awareness that it was given: `destroy` leaves both as they are.
 */
export class CairnProvider extends ObservableV2<ProviderEvents<CairnProvider>> {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly serverUrl: string
  readonly roomname: string
  /** Query parameters; what is changed here counts from the next attempt on. */
  params: Record<string, string>
  readonly protocols: string[]
  /**
   * Whether it is meant to be connected. Where that is set to false a connection that is lost is not
   * made again, until `connect`.
   */
  shouldConnect: boolean
  disableBc: boolean
  /** Asked after each close that came from elsewhere; may be replaced. */
  shouldReconnect: (event: CloseLike, provider: CairnProvider) => boolean
  /** Handlers for message types of the application's own, by type. */
  readonly messageHandlers: (MessageHandler<CairnProvider> | undefined)[] = []
  readonly #core: ProviderCore
  readonly #options: ResolvedProviderOptions
  readonly #pending: PendingUpdates
  readonly #stopFollowing: () => void
  readonly #tab: TabIdentity
  #resyncTimer: Timer | undefined
  #isDestroyed = false

  /**
   * @param serverUrl `ws://` or `wss://`; a path before the document's name belongs to it
   * @param roomname name of the document
   */
  constructor(
    serverUrl: string,
    roomname: string,
    doc: Y.Doc,
    options: ProviderOptions<CairnProvider> = {},
  ) {
    super()
    const resolved = resolveProviderOptions(options)
    this.#options = resolved
    this.doc = doc
    this.#pending = new PendingUpdates(doc)
    this.awareness = options.awareness ?? new Awareness(doc)
    this.serverUrl = trimServerUrl(serverUrl)
    this.roomname = roomname
    this.params = options.params ?? {}
    this.protocols = options.protocols ?? []
    this.disableBc = options.disableBc ?? false
    this.shouldReconnect = options.shouldReconnect ?? ((event) => !isFinalClose(event))
    this.shouldConnect = options.connect ?? true
    const tokens = new TokenSource(resolved.environment, resolved.token)
    const transports = createTransports(this, resolved, tokens)
    this.#tab = new TabIdentity(resolved.environment, resolved.page, options.tab)
    this.#core = new ProviderCore(this.#host(this.#tab.name), resolved, transports, tokens)
    this.doc.on('beforeObserverCalls', this.#beforeObservers)
    this.doc.on('update', this.#onUpdate)
    this.doc.on('afterTransaction', this.#onTransaction)
    this.doc.on('destroy', this.#onDocDestroy)
    this.awareness.on('update', this.#onAwareness)
    const page = {
      onWake: () => this.#core.wake(),
      onOffline: () => this.#core.networkLost(),
    }
    this.#stopFollowing = followWakeEvents(page, resolved.page)
    this.#scheduleResync()
    if (this.shouldConnect) this.connect()
  }

  // What y-websocket has too.

  /** Where a WebSocket is opened at the next attempt, without the token. */
  get url(): string {
    return documentUrl(this.serverUrl, this.roomname, this.params)
  }

  get synced(): boolean {
    return this.#core.session?.isSynced ?? false
  }

  get wsconnected(): boolean {
    return this.#core.session !== undefined
  }

  get wsconnecting(): boolean {
    return this.#core.transport !== undefined && this.#core.session === undefined
  }

  /** Attempts that failed since the last sync. */
  get wsUnsuccessfulReconnects(): number {
    return this.#core.attempts
  }

  /** The WebSocket; null where there is none, or where the fallback carries the document. */
  get ws(): WebSocketLike | null {
    const { transport } = this.#core
    return transport === undefined ? null : webSocketOf(transport)
  }

  get bcconnected(): boolean {
    return this.#core.areTabsJoined
  }

  /** The channel of the tabs; the address alone while it is not known who this is. */
  get bcChannel(): string {
    return this.#core.tabName ?? `${this.serverUrl}/${this.roomname}`
  }

  /** The longest wait between two attempts, in milliseconds. */
  get maxBackoffTime(): number {
    return this.#core.maxBackoffMs
  }

  set maxBackoffTime(delayMs: number) {
    this.#core.maxBackoffMs = delayMs
  }

  /**
   * Starts, or goes on after `disconnect` or a close for good.
   * @throws ProviderError DESTROYED
   */
  connect(): void {
    if (this.#isDestroyed) {
      throw new ProviderError('DESTROYED', 'the provider was destroyed: make another one')
    }
    this.shouldConnect = true
    this.#core.connect()
    // A listener may have left meanwhile.
    if (this.shouldConnect) this.connectBc()
  }

  /** Leaves, until `connect`. Edits made meanwhile stay in the Y.Doc and go out then. */
  disconnect(): void {
    this.shouldConnect = false
    this.disconnectBc()
    this.#core.disconnect()
  }

  connectBc(): void {
    if (!this.disableBc) this.#core.joinTabs()
  }

  disconnectBc(): void {
    this.#core.leaveTabs()
  }

  /** Leaves for good and lets go of everything but the Y.Doc and the awareness. Idempotent. */
  override destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.disconnect()
    this.#resyncTimer?.cancel()
    this.#stopFollowing()
    this.#tab.release()
    this.doc.off('beforeObserverCalls', this.#beforeObservers)
    this.doc.off('update', this.#onUpdate)
    this.doc.off('afterTransaction', this.#onTransaction)
    this.doc.off('destroy', this.#onDocDestroy)
    this.awareness.off('update', this.#onAwareness)
    this.#core.destroy().catch(reportError)
    super.destroy()
  }

  // What Cairn adds.

  /** The connection as it stands; another object after each change, told by the event `state`. */
  get status(): ConnectionStatus {
    return this.#core.status
  }

  /** Changes that the server has not acknowledged, those of other tabs among them. */
  get unsavedChanges(): number {
    return this.#core.unsaved.count
  }

  /** Changes that the server refused and that are in the Y.Doc all the same. */
  get rejectedChanges(): number {
    return this.#core.unsaved.rejected
  }

  /**
   * Whether the server has everything that is in the Y.Doc, as durable as `durability` says. Always
   * false with a server that does not acknowledge.
   */
  get saved(): boolean {
    return this.#core.unsaved.isSaved
  }

  /** What `saved` means; undefined before a server has said, or where it does not acknowledge. */
  get durability(): AcknowledgedDurability | undefined {
    return this.#core.hello?.durability
  }

  /** What the server lets this client do; undefined before it has said. */
  get access(): 'read' | 'write' | undefined {
    return this.#core.access
  }

  /** Clients whose connection was lost and whose cursors are still there for a while. */
  get away(): ReadonlySet<number> {
    return this.#core.away
  }

  /**
   * Resolves once `saved` is true, also after reconnects.
   * @throws ProviderError where it will not come to that: refused changes (with the server's code), a
   *   close for good, RESET, DESTROYED, NOT_ACKNOWLEDGED
   */
  whenSaved(): Promise<void> {
    return this.#core.whenSaved()
  }

  /**
   * Sends a JSON value to the others in the document. Nothing is stored; who is away never gets it.
   * @throws ProviderError NOT_CONNECTED, TOO_LARGE; TypeError where `value` is no JSON
   */
  signal(value: unknown): void {
    this.#core.signals.send(this.#core.session, value)
  }

  /**
   * As `signal`, and resolves with the number of connections that it was written to.
   * @throws ProviderError NOT_CONNECTED, TOO_LARGE, RATE (with `retryAfterMs`)
   */
  signalAcknowledged(value: unknown): Promise<{ readonly reached: number }> {
    return this.#core.signals.sendAcknowledged(this.#core.session, value)
  }

  /** After `reset`: forgets which document this Y.Doc was, so that `connect` merges it into the new. */
  adoptReset(): void {
    this.#core.adopt()
  }

  /** Deletes what `persist` keeps of this document in this browser. */
  clearPersisted(): Promise<void> {
    return this.#core.clearPersisted()
  }

  /** Calls the listeners; what one throws is reported and keeps nobody else from hearing. */
  override emit<Name extends keyof ProviderEvents<CairnProvider> & string>(
    name: Name,
    args: Parameters<ProviderEvents<CairnProvider>[Name]>,
  ): void {
    this.#tell(name, args)
  }

  #tell(name: string, args: readonly unknown[]): void {
    const listeners = [...(this._observers.get(name) ?? [])]
    // An error that nobody listens for must not pass in silence.
    if (name === 'error' && listeners.length === 0) reportError(args[0])
    for (const listener of listeners) {
      try {
        Reflect.apply(listener, undefined, args)
      } catch (error) {
        reportError(error)
      }
    }
  }

  readonly #beforeObservers = (transaction: Y.Transaction): void => {
    this.#pending.note(transaction.origin === this)
  }

  readonly #onUpdate = (update: Uint8Array, origin: unknown): void => {
    // What had waited for it is for this provider to send, like any change.
    this.#core.changed(update, this.#pending.isTakenIn ? null : origin)
  }

  /**
   * Yjs drops formatting marks that have become needless while it takes in what others did. It does so
   * right after this event (yjs 13.6, src/utils/Transaction.js), with deletes like any other. Those of
   * a reader would stay with the reader, and what is needless now may not be so for what comes later.
   */
  readonly #onTransaction = (transaction: Y.Transaction): void => {
    if (!this.#core.mayTidy) transaction._needFormattingCleanup = false
  }

  readonly #onDocDestroy = (): void => this.destroy()

  readonly #onAwareness = (changes: {
    readonly added: readonly number[]
    readonly updated: readonly number[]
    readonly removed: readonly number[]
  }): void => {
    const { added, updated, removed } = changes
    for (const clientID of removed) this.#core.away.delete(clientID)
    const own = this.awareness.clientID
    if (added.includes(own) || updated.includes(own) || removed.includes(own)) {
      this.#core.presenceChanged()
    }
  }

  #host(tab: string): ProviderHost {
    return {
      doc: this.doc,
      awareness: this.awareness,
      origin: this,
      address: `${this.serverUrl}/${this.roomname}`,
      tab,
      mayConnect: () => this.shouldConnect,
      shouldReconnect: (close) => this.#mayReconnect(closeEventOf(close)),
      emit: (name, args) => this.#tell(name, args),
      onPhase: (phase, before) => this.#onPhase(phase, before),
      onConnectionClose: (close) =>
        this.emit('connection-close', [close === null ? null : closeEventOf(close), this]),
      onConnectionError: (event) => this.emit('connection-error', [event, this]),
      onClosedForGood: (error, close) => this.#onClosedForGood(error, close),
      onUnknown: (messageType, frame) => this.#onUnknown(messageType, frame),
    }
  }

  /** What the application says; where it throws, what the convention says. */
  #mayReconnect(event: CloseLike): boolean {
    try {
      return this.shouldReconnect(event, this)
    } catch (error) {
      reportError(error)
      return !isFinalClose(event)
    }
  }

  #onPhase(phase: Phase, before: Phase): void {
    if (phase === 'connecting') this.emit('status', [{ status: 'connecting' }])
    else if (phase === 'connected') this.emit('status', [{ status: 'connected' }])
    else if (before === 'connected') this.emit('status', [{ status: 'disconnected' }])
  }

  #onClosedForGood(_error: ProviderError, close: TransportClose | null): void {
    this.shouldConnect = false
    if (close !== null) this.emit('closed', [{ code: close.code, reason: close.reason }, this])
  }

  #onUnknown(messageType: number, frame: Uint8Array): void {
    try {
      const answer = handleUnknown(this.messageHandlers, this, messageType, frame)
      if (answer !== undefined) this.#core.session?.sendRaw(answer)
    } catch (error) {
      this.emit('error', [error])
    }
  }

  #scheduleResync(): void {
    const { environment, resyncMs } = this.#options
    if (resyncMs <= 0) return
    this.#resyncTimer = environment.setTimer(() => {
      this.#core.session?.resync()
      this.#scheduleResync()
    }, resyncMs)
  }
}

/** What listeners get: the browser's own event, or one that looks like it. */
function closeEventOf({ code, reason, event }: TransportClose): CloseLike {
  return isCloseLike(event) ? event : { code, reason }
}

function isCloseLike(event: unknown): event is CloseLike {
  if (typeof event !== 'object' || event === null) return false
  const [code, reason] = [Reflect.get(event, 'code'), Reflect.get(event, 'reason')] as const
  return typeof code === 'number' && typeof reason === 'string'
}
