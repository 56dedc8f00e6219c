import { unreachable } from '../runtime/assert.js'
import type { Environment, Timer } from '../runtime/environment.js'
import type { ConnectionStateName } from './connection-status.js'
import { wakeAnswerMs } from './heartbeat.js'
import { closeError, ProviderError } from './provider-error.js'
import { reconnectDelay } from './reconnect-delay.js'
import type { Transport, TransportClose, TransportHandlers } from './transport.js'
import type { TransportChoice } from './transport-choice.js'
import { type OpenedWebSocket, UpwardProbe } from './upward-probe.js'

/** How long a transport may take to open. */
const openMs = 15_000
/** A wake-up does not bring an attempt sooner than this after the last. */
const wakeAgainMs = 1_000

/** Going away: the application wants no connection any more. */
const normalClosure = 1000
/** The other side broke the protocol, or fell silent: a server keeps presence for its grace period. */
const lostClosure = 4000

/**
 *     idle -> preparing -> opening -> open -> waiting -> preparing ...
 *
 * and from each of them to `idle` (disconnect) or `closed` (for good).
 */
type ConnectorState<Session> =
  /** Nobody asked for a connection. */
  | { readonly name: 'idle' }
  /** What an attempt needs is being fetched: the token, the stored document. */
  | { readonly name: 'preparing' }
  | { readonly name: 'opening'; readonly transport: Transport; readonly timer: Timer }
  | { readonly name: 'open'; readonly session: Session; readonly probe: UpwardProbe | undefined }
  /** For the next attempt. */
  | { readonly name: 'waiting'; readonly timer: Timer }
  | { readonly name: 'closed' }

/** What is said on an open transport, as far as bringing it about is concerned. */
export interface ConnectedSession {
  readonly transport: Transport
  readonly isSynced: boolean
  /** @param mayBeExtended whether the other side may know `cairn.v1` */
  start(mayBeExtended: boolean): void
  receive(message: Uint8Array): void
  /** Looks whether the other side is still there. */
  check(): void
  /** Nothing more is said; the transport is closed by others. */
  stop(): void
}

export interface ConnectorOwner<Session extends ConnectedSession> {
  readonly environment: Environment
  /** The longest wait between two attempts. */
  readonly maxBackoffMs: number
  readonly transports: TransportChoice
  /** What must be there before an attempt: undefined where all of it is. @throws ProviderError */
  prepare(): Promise<void> | undefined
  openSession(transport: Transport): Session
  shouldReconnect(close: TransportClose): boolean
  /** The state, the attempts, the transport or the reason has changed. */
  onStatus(): void
  onClose(close: TransportClose | null): void
  onTransportError(event: unknown): void
  onClosedForGood(error: ProviderError, close: TransportClose | null): void
}

/** Brings a connection about and back; every change of its state goes through `#move`. */
export class Connector<Session extends ConnectedSession> {
  readonly #owner: ConnectorOwner<Session>
  #state: ConnectorState<Session> = { name: 'idle' }
  #attempts = 0
  #hasSynced = false
  /** Whether a message came on the present transport. */
  #isHeard = false
  #lastAttemptAt = Number.NEGATIVE_INFINITY
  #reason: ProviderError | undefined

  constructor(owner: ConnectorOwner<Session>) {
    this.#owner = owner
  }

  get session(): Session | undefined {
    return this.#state.name === 'open' ? this.#state.session : undefined
  }

  get transport(): Transport | undefined {
    if (this.#state.name === 'opening') return this.#state.transport
    return this.session?.transport
  }

  /** Attempts that failed since the last sync. */
  get attempts(): number {
    return this.#attempts
  }

  get reason(): ProviderError | undefined {
    return this.#reason
  }

  get isClosed(): boolean {
    return this.#state.name === 'closed'
  }

  /** @param isOnline what the system says of its network */
  stateName(isOnline: boolean): ConnectionStateName {
    switch (this.#state.name) {
      case 'idle':
        return 'offline'
      case 'preparing':
      case 'opening':
        return this.#attempts === 0 && !this.#hasSynced ? 'connecting' : 'reconnecting'
      case 'open':
        return this.#state.session.isSynced ? 'live' : 'syncing'
      case 'waiting':
        return isOnline ? 'reconnecting' : 'offline'
      case 'closed':
        return 'closed'
      default:
        return unreachable(this.#state)
    }
  }

  /** Starts, also after it was closed for good. Does nothing while it is under way. */
  connect(): void {
    if (this.#state.name !== 'idle' && this.#state.name !== 'closed') return
    this.#attempts = 0
    this.#hasSynced = false
    this.#reason = undefined
    this.#attempt()
  }

  /** Stops until `connect`. */
  disconnect(): void {
    if (this.#state.name === 'idle' || this.#state.name === 'closed') return
    this.#end({ name: 'idle' }, normalClosure)
  }

  /** Stops for good, for a reason that lies here. */
  close(error: ProviderError): void {
    if (this.#state.name === 'closed') return
    this.#reason = error
    this.#end({ name: 'closed' }, normalClosure)
    this.#owner.onClosedForGood(error, null)
  }

  /** The session has everything: failures of before count no more. */
  synced(): void {
    this.#attempts = 0
    this.#hasSynced = true
    this.#reason = undefined
    this.#owner.transports.synced()
    this.#owner.onStatus()
  }

  /** The session heard nothing, or what came could not be read. */
  lost(error: ProviderError): void {
    if (this.#state.name !== 'open') return
    this.#leave(lostClosure)
    this.#owner.transports.failed(!this.#isHeard)
    this.#retryAfter(null, error)
  }

  /** The page came back, or the network: who waits tries now, who stands looks whether it still does. */
  wake(): void {
    const sinceMs = this.#owner.environment.now() - this.#lastAttemptAt
    if (this.#state.name === 'open') {
      this.#state.session.check()
    } else if (this.#state.name === 'waiting' && sinceMs >= wakeAgainMs) {
      this.#attempt()
    } else if (this.#state.name === 'opening' && sinceMs >= wakeAnswerMs) {
      // Opened into a network that has gone since: another attempt is surer than its timeout.
      this.#leave(normalClosure)
      this.#attempt()
    }
  }

  #attempt(): void {
    const state: ConnectorState<Session> = { name: 'preparing' }
    this.#move(state)
    this.#lastAttemptAt = this.#owner.environment.now()
    const isCurrent = (): boolean => this.#state === state
    let prepared: Promise<void> | undefined
    try {
      prepared = this.#owner.prepare()
    } catch (error) {
      this.#failed(asProviderError(error))
      return
    }
    if (prepared === undefined) {
      this.#open()
      return
    }
    prepared.then(
      () => isCurrent() && this.#open(),
      (error: unknown) => isCurrent() && this.#failed(asProviderError(error)),
    )
  }

  #heard(): void {
    this.#isHeard = true
    this.#owner.transports.heard()
  }

  #open(): void {
    this.#isHeard = false
    const timer = this.#owner.environment.setTimer(() => this.#tookTooLong(), openMs)
    let transport: Transport
    try {
      transport = this.#owner.transports.open(this.#handlers(() => transport))
    } catch (error) {
      timer.cancel()
      this.#owner.transports.failed(true)
      this.#failed(asProviderError(error))
      return
    }
    this.#move({ name: 'opening', transport, timer })
  }

  /** Handlers of one transport, which is silent once another has taken its place. */
  #handlers(own: () => Transport): TransportHandlers {
    return {
      onOpen: (isExtended) => {
        if (this.#state.name !== 'opening' || this.#state.transport !== own()) return
        this.#state.timer.cancel()
        this.#begin(own(), isExtended)
      },
      onMessage: (message) => {
        if (this.transport !== own()) return
        this.#heard()
        this.session?.receive(message)
      },
      onError: (event) => {
        if (this.transport === own()) this.#owner.onTransportError(event)
      },
      onClose: (close) => {
        if (this.transport === own()) this.#closed(close)
      },
    }
  }

  #begin(transport: Transport, isExtended: boolean): void {
    const session = this.#owner.openSession(transport)
    const probe = transport.kind === 'events' ? this.#probeUpward() : undefined
    this.#move({ name: 'open', session, probe })
    session.start(isExtended)
  }

  /** Looks now and then whether a WebSocket can be opened after all. */
  #probeUpward(): UpwardProbe {
    const { environment, transports } = this.#owner
    return new UpwardProbe(environment, transports, (opened) => this.#goUp(opened))
  }

  #goUp({ transport, first, isExtended, redirect }: OpenedWebSocket): void {
    if (this.#state.name !== 'open') {
      transport.close(normalClosure)
      return
    }
    // Not a leave: the WebSocket takes the presence over, and a farewell might arrive after it.
    this.#leave(lostClosure)
    redirect(this.#handlers(() => transport))
    this.#owner.transports.wentUp()
    this.#begin(transport, isExtended)
    this.session?.receive(first)
  }

  #closed(close: TransportClose): void {
    this.#leave(undefined)
    const error = closeError(close.code, close.reason)
    if (!this.#owner.shouldReconnect(close)) {
      this.#reason = error
      this.#move({ name: 'closed' })
      this.#owner.onClose(close)
      this.#owner.onClosedForGood(error, close)
      return
    }
    this.#owner.transports.failed(!this.#isHeard)
    this.#retryAfter(close, error)
  }

  #tookTooLong(): void {
    this.#leave(normalClosure)
    this.#owner.transports.failed(true)
    this.#retryAfter(null, new ProviderError('CLOSED', `nothing answered in ${openMs} ms`))
  }

  #failed(error: ProviderError): void {
    this.#retryAfter(undefined, error)
  }

  /** @param close how the transport ended: null for from here, undefined where there was none */
  #retryAfter(close: TransportClose | null | undefined, error: ProviderError): void {
    const { environment, maxBackoffMs } = this.#owner
    const delayMs = reconnectDelay(
      this.#attempts,
      environment.random(),
      maxBackoffMs,
      error.retryAfterMs,
    )
    this.#attempts++
    this.#reason = error
    const timer = environment.setTimer(() => this.#attempt(), delayMs)
    this.#move({ name: 'waiting', timer })
    if (close !== undefined) this.#owner.onClose(close)
  }

  #end(state: ConnectorState<Session>, closeCode: number): void {
    const hadTransport = this.transport !== undefined
    this.#leave(closeCode)
    this.#move(state)
    if (hadTransport) this.#owner.onClose(null)
  }

  /** Lets go of what the present state holds. @param closeCode undefined where it is closed already */
  #leave(closeCode: number | undefined): void {
    const state = this.#state
    if (state.name === 'opening' || state.name === 'waiting') state.timer.cancel()
    if (state.name === 'opening' && closeCode !== undefined) state.transport.close(closeCode)
    if (state.name !== 'open') return
    state.probe?.stop()
    state.session.stop()
    if (closeCode !== undefined) state.session.transport.close(closeCode)
  }

  #move(state: ConnectorState<Session>): void {
    if (this.#state.name === 'waiting') this.#state.timer.cancel()
    this.#state = state
    this.#owner.onStatus()
  }
}

function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ProviderError('CLOSED', message, { cause: error })
}
