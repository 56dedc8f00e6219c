import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { encodeAwareness } from '../protocol/codec.js'
import type { AccessMessage, HelloMessage } from '../protocol/message.js'
import type { Environment } from '../runtime/environment.js'
import { type ConnectionStatus, firstStatus, nextStatus } from './connection-status.js'
import { Connector, type ConnectorOwner } from './connector.js'
import { guarded } from './guarded.js'
import { KeptDocument } from './kept-document.js'
import { KnownPlace } from './known-place.js'
import { encodeGone, removeOthers, renewOwn } from './own-presence.js'
import { ProviderError } from './provider-error.js'
import type { Phase, ProviderHost } from './provider-host.js'
import type { ResolvedProviderOptions } from './provider-options.js'
import { SavedNews } from './saved-news.js'
import { SavedWaiters } from './saved-waiters.js'
import { Session } from './session.js'
import type { SessionOwner } from './session-owner.js'
import { asReceived, Signals } from './signals.js'
import { TabChannel, type TabChannelOwner } from './tab-channel.js'
import { tabScope } from './tab-scope.js'
import type { TokenSource } from './token-source.js'
import type { Transport, TransportClose } from './transport.js'
import type { TransportChoice } from './transport-choice.js'
import { UnsavedChanges } from './unsaved-changes.js'
import { isOnline } from './wake-events.js'
import { whyNeverSaved } from './why-never-saved.js'

/** What a provider does, apart from how it looks to the application. */
export class ProviderCore implements ConnectorOwner<Session>, SessionOwner, TabChannelOwner {
  readonly environment: Environment
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly origin: object
  readonly tab: string
  maxBackoffMs: number
  readonly transports: TransportChoice
  readonly tokens: TokenSource
  readonly place = new KnownPlace()
  readonly unsaved = new UnsavedChanges()
  readonly signals = new Signals()
  readonly away = new Set<number>()
  readonly #host: ProviderHost
  readonly #options: ResolvedProviderOptions
  readonly #connector: Connector<Session>
  readonly #tabs: TabChannel | undefined
  readonly #waiters = new SavedWaiters()
  readonly #kept: KeptDocument
  /** Whether all of the Y.Doc came from the server, or was made here since. */
  #startsEmpty: boolean
  #access: AccessMessage | undefined
  #hello: HelloMessage | undefined
  #latencyMs: number | undefined
  #lastConnected: number | undefined
  #hasAnnounced = false
  /** As the events `sync` and `synced` say. */
  #wasSynced = false
  #wantsTabs = false
  #phase: Phase = 'idle'
  #status: ConnectionStatus
  readonly #news: SavedNews

  constructor(
    host: ProviderHost,
    options: ResolvedProviderOptions,
    transports: TransportChoice,
    tokens: TokenSource,
  ) {
    this.#host = host
    this.#options = options
    this.environment = options.environment
    this.doc = host.doc
    this.awareness = host.awareness
    this.origin = host.origin
    this.tab = host.tab
    this.maxBackoffMs = options.maxBackoffMs
    this.#news = new SavedNews(this.unsaved, this.#waiters, host.emit)
    this.transports = transports
    this.tokens = tokens
    this.#startsEmpty = this.doc.store.clients.size === 0
    this.#connector = new Connector(this, host)
    const { BroadcastChannelClass } = options
    if (BroadcastChannelClass !== undefined) {
      this.#tabs = new TabChannel(this, BroadcastChannelClass)
    }
    const { persist } = options
    this.#kept = new KeptDocument({
      environment: this.environment,
      name: persist === true ? host.address : persist || undefined,
      doc: this.doc,
      onLoaded: (epoch) => this.#onKept(epoch),
      onError: (error) => this.onError(error),
    })
    this.#status = firstStatus(this.environment.wallClock())
  }

  get status(): ConnectionStatus {
    return this.#status
  }

  get session(): Session | undefined {
    return this.#connector.session
  }

  get transport(): Transport | undefined {
    return this.#connector.transport
  }

  get attempts(): number {
    return this.#connector.attempts
  }

  get hello(): HelloMessage | undefined {
    return this.#hello
  }

  get access(): 'read' | 'write' | undefined {
    return this.#access?.access ?? this.#hello?.access
  }

  /** Whether everybody hears of the marks that Yjs drops here; before the server has spoken, nobody. */
  get mayTidy(): boolean {
    return this.access ? this.access === 'write' : (this.session?.isSynced ?? false)
  }

  /** The name that the tabs of this document share; undefined while it is not certain. */
  get tabName(): string | undefined {
    // Whose a token is the server has said, if it does at all, by the time that all is here.
    const isTold = this.session?.isSynced === true && this.session.hello !== undefined
    const isCertain = !this.tokens.isGiven || isTold
    const known = { access: this.#access, hello: this.#hello }
    const scope = tabScope(this.#options.tabScope, isCertain, known)
    return scope === undefined ? undefined : `${this.#host.address}${scope}`
  }

  get areTabsJoined(): boolean {
    return this.#tabs?.isOpen ?? false
  }

  connect(): void {
    this.#connector.connect()
  }

  disconnect(): void {
    // Servers that do not see a clean close are told.
    this.transport?.send(encodeAwareness(encodeGone(this.awareness)))
    this.#connector.disconnect()
  }

  wake(): void {
    this.#connector.wake()
  }

  /** The system lost its network: a connection that stands is looked at, the status says so. */
  networkLost(): void {
    this.session?.check()
    this.onStatus()
  }

  joinTabs(): void {
    this.#wantsTabs = true
    const name = this.tabName
    if (name !== undefined) this.#tabs?.open(name)
  }

  leaveTabs(): void {
    this.#wantsTabs = false
    this.#tabs?.close()
  }

  async destroy(): Promise<void> {
    const error = new ProviderError('DESTROYED', 'the provider was destroyed')
    this.#connector.close(error)
    this.tokens.stop()
    this.#waiters.fail(error)
    await this.#kept.close()
  }

  whenSaved(): Promise<void> {
    if (this.unsaved.isSaved) return Promise.resolve()
    const error = this.#whyNeverSaved()
    return error === undefined ? this.#waiters.wait() : Promise.reject(error)
  }

  /** Nothing is known of what the server has, nor of which document this was. */
  adopt(): void {
    this.place.forget()
    this.unsaved.forgetWhatIsSaved()
    this.onUnsavedChanged()
    this.session?.resync()
  }

  clearPersisted(): Promise<void> {
    return this.#kept.clear()
  }

  /** The Y.Doc changed. */
  changed(update: Uint8Array, origin: unknown): void {
    if (origin === this.origin || this.#kept.isOrigin(origin)) return
    const { session } = this
    const number = this.#tabs?.publishUpdate(update) ?? 0
    const refusal = session?.refusalOf(update)
    if (refusal !== undefined) this.#refuseLocally(refusal)
    else this.unsaved.add(update, number, session?.sendUpdate(update))
    this.onUnsavedChanged()
  }

  /** This client's presence changed. */
  presenceChanged(): void {
    this.session?.sendAwareness([this.awareness.clientID])
    this.#tabs?.publishAwareness()
  }

  // As the owner of the connector.

  prepare(): Promise<void> | undefined {
    const steps = [this.#kept.loading, this.tokens.fetch(), this.transports.ready()]
    const waiting = steps.filter((step) => step !== undefined)
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined)
  }

  openSession(transport: Transport): Session {
    // Also where the last connection was left for this one.
    this.#forgetConnection()
    if (this.#hasAnnounced) guarded(this, () => renewOwn(this.awareness))
    this.#hasAnnounced = true
    return new Session(this, transport)
  }

  onStatus(): void {
    const phase = this.transport === undefined ? 'idle' : this.session ? 'connected' : 'connecting'
    const phaseBefore = this.#phase
    this.#phase = phase
    if (phaseBefore === 'connected' && phase !== 'connected') this.#connectionLost()
    const before = this.#status
    const status = nextStatus(before, this.#statusNow(), this.environment.wallClock())
    this.#status = status
    // A listener may have moved on meanwhile, and that was told.
    if (phase !== phaseBefore && phase === this.#phase) this.#host.onPhase(phase, phaseBefore)
    if (status !== before && status === this.#status) this.#host.emit('state', [status])
  }

  onClosedForGood(error: ProviderError, close: TransportClose | null): void {
    this.#waiters.fail(error)
    this.#host.onClosedForGood(error, close)
  }

  // As the owner of a session.

  onHello(hello: HelloMessage): void {
    // Until it is synced, and among those who only read too.
    if (hello.access === 'read' && this.access !== 'read') this.#tabs?.close()
    this.#hello = hello
    this.#access = undefined
    this.#host.emit('access', [hello.access])
    this.onStatus()
  }

  onReset(former: Uint8Array, present: Uint8Array): void {
    const message = 'the document was deleted; this Y.Doc belongs to its former life'
    this.#connector.close(new ProviderError('RESET', message))
    this.unsaved.forgetWhatIsSaved()
    this.onUnsavedChanged()
    this.#host.emit('reset', [{ former, present }])
  }

  onSynced(): void {
    this.#lastConnected = this.environment.wallClock()
    const { session } = this
    if (session?.isReadOnly && this.#startsEmpty) this.unsaved.hasNothingOfItsOwn()
    this.#connector.synced()
    // Who hears of it may leave at once.
    if (this.session !== session) return
    this.#tellSynced()
    if (this.#wantsTabs) this.joinTabs()
    this.onUnsavedChanged()
    const error = this.session && this.#whyNeverSaved()
    if (error !== undefined) this.#waiters.fail(error)
  }

  onUnsavedChanged(): void {
    this.#tabs?.publishSaved()
    this.#news.tell()
  }

  onAccess(access: AccessMessage): void {
    const before = this.access
    this.#access = access
    this.tokens.renewBefore(access.expiresInMs, (token) => this.session?.sendToken(token))
    if (this.#wantsTabs) this.joinTabs()
    if (access.access !== before) this.#host.emit('access', [access.access])
    this.onStatus()
  }

  onRejected(error: ProviderError, changes: number): void {
    this.#host.emit('rejected', [{ error, changes }])
    if (error.retryAfterMs === 0) this.#waiters.fail(error)
  }

  onPermissionDenied(reason: string): void {
    const error = new ProviderError('FORBIDDEN', reason)
    this.#host.emit('rejected', [{ error, changes: this.unsaved.count }])
  }

  onAway(clientIDs: readonly number[], isAway: boolean): void {
    for (const clientID of clientIDs) this.away[isAway ? 'add' : 'delete'](clientID)
    this.#host.emit(isAway ? 'away' : 'back', [clientIDs])
  }

  onSignal(signal: Parameters<typeof asReceived>[0]): void {
    const received = asReceived(signal)
    if (received !== undefined) this.#host.emit('signal', [received])
  }

  onSignalReceipt(receipt: Parameters<Signals['settle']>[0]): void {
    this.signals.settle(receipt)
  }

  onEpoch(epoch: Uint8Array): void {
    this.#kept.keepEpoch(epoch)
  }

  onLatency(latencyMs: number): void {
    this.#latencyMs = latencyMs
    this.onStatus()
  }

  onUnknown(messageType: number, frame: Uint8Array): void {
    this.#host.onUnknown(messageType, frame)
  }

  onLost(): void {
    this.#connector.lost(new ProviderError('TIMEOUT', 'nothing was heard of the server'))
  }

  onError(error: unknown): void {
    this.#host.emit('error', [error])
  }

  // As the owner of the channel between tabs.

  forward(from?: string): void {
    this.session?.forward(from)
  }

  #forgetConnection(): void {
    this.unsaved.connectionLost()
    this.signals.connectionLost()
    this.away.clear()
  }

  #connectionLost(): void {
    this.#forgetConnection()
    this.tokens.stop()
    guarded(this, () => removeOthers(this.awareness, this.origin))
    this.#tellSynced()
  }

  /** Tells whether everything has arrived, where that has changed. */
  #tellSynced(): void {
    const isSynced = this.session?.isSynced ?? false
    if (isSynced === this.#wasSynced) return
    this.#wasSynced = isSynced
    this.#host.emit('synced', [isSynced])
    if (this.#wasSynced === isSynced) this.#host.emit('sync', [isSynced])
  }

  #onKept(epoch: Uint8Array): void {
    if (epoch.length > 0) this.place.recall(epoch)
    // What was kept may be what never went out.
    if (this.doc.store.clients.size > 0) this.#startsEmpty = false
  }

  #refuseLocally(error: ProviderError): void {
    this.unsaved.addRejected(error)
    this.#host.emit('rejected', [{ error, changes: 1 }])
    this.#waiters.fail(error)
  }

  #whyNeverSaved(): ProviderError | undefined {
    const { reason, isClosed } = this.#connector
    return whyNeverSaved(isClosed ? reason : undefined, this.unsaved, this.session)
  }

  #statusNow(): Omit<ConnectionStatus, 'since'> {
    const { attempts, reason, transport } = this.#connector
    return {
      state: this.#connector.stateName(isOnline(this.#options.page)),
      attempts,
      latencyMs: this.#latencyMs,
      lastConnected: this.#lastConnected,
      transport: transport?.kind,
      access: this.access,
      reason,
    }
  }
}
