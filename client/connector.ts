import type { Environment } from '../runtime/environment.js'
import type { ConnectionStateName } from './connection-status.js'
import { type ConnectedSession, type ConnectorState, stateName } from './connector-state.js'
import { wakeAnswerMs } from './heartbeat.js'
import { closeError, ProviderError } from './provider-error.js'
import type { ProviderHost } from './provider-host.js'
import { reconnectDelay } from './reconnect-delay.js'
import type { Transport, TransportClose, TransportHandlers } from './transport.js'
import type { TransportChoice } from './transport-choice.js'
import { type OpenedWebSocket, UpwardProbe } from './upward-probe.js'

/** How long a transport may take to open. */
const openMs = 15_000
/** A wake-up does not bring an attempt sooner than this after the last, nor `connect` after `connect`. */
const againMs = 1_000

/** Going away: the application wants no connection any more. */
const normalClosure = 1000
/** The other side broke the protocol, or fell silent: a server keeps presence for its grace period. */
const lostClosure = 4000

export interface ConnectorOwner<Session extends ConnectedSession> {
  readonly environment: Environment
  /** The longest wait between two attempts. */
  readonly maxBackoffMs: number
  readonly transports: TransportChoice
  /** What must be there before an attempt: undefined where all of it is. @throws ProviderError */
  prepare(): Promise<void> | undefined
  openSession(transport: Transport): Session
  /** The state, the attempts, the transport or the reason has changed. */
  onStatus(): void
  onClosedForGood(error: ProviderError, close: TransportClose | null): void
}

/** The application: whether it wants a connection, and what it hears of the transports. */
export type ConnectorHost = Pick<
  ProviderHost,
  'mayConnect' | 'shouldReconnect' | 'onConnectionClose' | 'onConnectionError'
>

/** Brings a connection about and back; every change of its state goes through `#move`. */
export class Connector<Session extends ConnectedSession> {
  readonly #owner: ConnectorOwner<Session>
  readonly #host: ConnectorHost
  #state: ConnectorState<Session> = { name: 'idle' }
  #attempts = 0
  #hasSynced = false
  /** Whether a message came on the present transport. */
  #isHeard = false
  #lastAttemptAt = Number.NEGATIVE_INFINITY
  /** When `connect` last made it try before its time. */
  #lastAskedAt = Number.NEGATIVE_INFINITY
  #reason: ProviderError | undefined

  constructor(owner: ConnectorOwner<Session>, host: ConnectorHost) {
    this.#owner = owner
    this.#host = host
  }

  get session(): Session | undefined {
    const state = this.#state
    return state.name === 'open' || state.name === 'ending' ? state.session : undefined
  }

  get transport(): Transport | undefined {
    const state = this.#state
    if (state.name === 'opening' || state.name === 'ending') return state.transport
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
    return stateName(this.#state, this.#attempts === 0 && !this.#hasSynced, isOnline)
  }

  /**
   * Starts, also after it was closed for good. Where it waits it tries now, also before the server wants
   * it to; does nothing while it is under way.
   */
  connect(): void {
    const state = this.#state
    if (state.name === 'waiting') {
      const at = Math.max(this.#owner.environment.now(), this.#lastAskedAt + againMs)
      if (at >= state.until) return
      this.#lastAskedAt = at
      this.#hurry(at)
      return
    }
    const isOff = state.name === 'ending' && state.isLeaving
    if (state.name !== 'idle' && state.name !== 'closed' && !isOff) return
    this.#attempts = 0
    this.#hasSynced = false
    this.#reason = undefined
    this.#attempt()
  }

  /** Stops until `connect`. */
  disconnect(): void {
    if (this.#state.name === 'idle' || this.#state.name === 'closed') return
    if (this.#end(null, normalClosure, true)) this.#move({ name: 'idle' })
  }

  /** Stops for good, for a reason that lies here. */
  close(error: ProviderError): void {
    if (this.#state.name === 'closed') return
    this.#reason = error
    if (this.#end(null, normalClosure)) this.#closeForGood(error, null)
  }

  /** The session has everything: failures of before count no more. */
  synced(): void {
    if (this.#state.name !== 'open') return
    this.#attempts = 0
    this.#hasSynced = true
    this.#reason = undefined
    this.#owner.transports.synced()
    this.#owner.onStatus()
  }

  /** The session heard nothing, or what came could not be read. */
  lost(error: ProviderError): void {
    if (this.#state.name === 'open') this.#giveUp(lostClosure, !this.#isHeard, error)
  }

  /** The page came back, or the network: who waits tries now, who stands looks whether it still does. */
  wake(): void {
    const state = this.#state
    const now = this.#owner.environment.now()
    const sinceMs = now - this.#lastAttemptAt
    if (state.name === 'open') {
      state.session.check()
    } else if (state.name === 'waiting') {
      const at = this.#lastAttemptAt + againMs
      if (now >= state.notBefore && at < state.until) this.#hurry(at)
    } else if (state.name === 'opening' && sinceMs >= wakeAnswerMs) {
      // Opened into a network that has gone since: another attempt is surer than its timeout.
      this.#tookTooLong(state, sinceMs)
      if (this.#state.name === 'waiting') this.#attempt()
    }
  }

  /** Who waits tries at `at` already, or now where that is past. */
  #hurry(at: number): void {
    const now = this.#owner.environment.now()
    if (now >= at) this.#attempt()
    else this.#wait(at - now, now)
  }

  #attempt(): void {
    if (!this.#host.mayConnect()) {
      this.#move({ name: 'idle' })
      return
    }
    this.#lastAttemptAt = this.#owner.environment.now()
    const state: ConnectorState<Session> = { name: 'preparing' }
    if (!this.#move(state)) return
    const isCurrent = (): boolean => this.#state === state
    let prepared: Promise<void> | undefined
    try {
      prepared = this.#owner.prepare()
    } catch (error) {
      if (isCurrent()) this.#retryAfter(asProviderError(error))
      return
    }
    if (prepared === undefined) {
      if (isCurrent()) this.#open()
      return
    }
    prepared.then(
      () => isCurrent() && this.#open(),
      (error: unknown) => isCurrent() && this.#retryAfter(asProviderError(error)),
    )
  }

  #heard(): void {
    this.#isHeard = true
    this.#owner.transports.heard()
  }

  #open(): void {
    const before = this.#state
    this.#isHeard = false
    let transport: Transport
    try {
      transport = this.#owner.transports.open(this.#handlers(() => transport))
    } catch (error) {
      if (this.#state !== before) return
      this.#owner.transports.failed(true)
      this.#retryAfter(asProviderError(error))
      return
    }
    if (this.#state !== before) {
      transport.close(normalClosure)
      return
    }
    const tooLong = (): void => this.#tookTooLong(state, openMs)
    const timer = this.#owner.environment.setTimer(tooLong, openMs)
    const state: ConnectorState<Session> = { name: 'opening', transport, timer }
    this.#move(state)
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
        if (!this.#carries(own())) return
        this.#heard()
        this.session?.receive(message)
      },
      onError: (event) => {
        if (this.#carries(own())) this.#host.onConnectionError(event)
      },
      onClose: (close) => {
        if (this.#carries(own())) this.#closed(close)
      },
    }
  }

  #carries(transport: Transport): boolean {
    return this.#state.name !== 'ending' && this.transport === transport
  }

  #begin(transport: Transport, isExtended: boolean): void {
    const before = this.#state
    const session = this.#owner.openSession(transport)
    if (this.#state !== before) {
      session.stop()
      transport.close(normalClosure)
      return
    }
    const probe = transport.kind === 'events' ? this.#probeUpward() : undefined
    if (this.#move({ name: 'open', session, probe })) session.start(isExtended)
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
    if (this.#carries(transport)) this.session?.receive(first)
  }

  #closed(close: TransportClose): void {
    if (!this.#end(close, undefined)) return
    const asking: ConnectorState<Session> = { name: 'ending', ...noConnection }
    this.#state = asking
    const error = closeError(close.code, close.reason)
    const isWanted = this.#host.shouldReconnect(close)
    if (this.#state !== asking) return
    if (isWanted) {
      this.#owner.transports.failed(!this.#isHeard)
      this.#retryAfter(error)
    } else {
      this.#reason = error
      this.#closeForGood(error, close)
    }
  }

  #closeForGood(error: ProviderError, close: TransportClose | null): void {
    if (this.#move({ name: 'closed' })) this.#owner.onClosedForGood(error, close)
  }

  #tookTooLong(state: ConnectorState<Session>, ms: number): void {
    if (this.#state !== state) return
    const error = new ProviderError('CLOSED', `nothing answered in ${Math.round(ms)} ms`)
    this.#giveUp(normalClosure, true, error)
  }

  /** @param isUnheard whether not even a first message came */
  #giveUp(closeCode: number, isUnheard: boolean, error: ProviderError): void {
    this.#owner.transports.failed(isUnheard)
    if (this.#end(null, closeCode)) this.#retryAfter(error)
  }

  #retryAfter(error: ProviderError): void {
    const { environment, maxBackoffMs } = this.#owner
    const { retryAfterMs } = error
    const delayMs = reconnectDelay(this.#attempts, environment.random(), maxBackoffMs, retryAfterMs)
    this.#attempts++
    this.#reason = error
    if (this.#host.mayConnect()) this.#wait(delayMs, environment.now() + retryAfterMs)
    else this.#move({ name: 'idle' })
  }

  #wait(delayMs: number, notBefore: number): void {
    const { environment } = this.#owner
    const timer = environment.setTimer(() => this.#attempt(), delayMs)
    this.#move({ name: 'waiting', timer, until: environment.now() + delayMs, notBefore })
  }

  /**
   * Lets go of what there is, and tells of the transport's end while the application still sees it.
   * @param close null where it was ended here
   * @param closeCode undefined where it is closed already
   * @param isLeaving whether the application ends it
   * @returns whether the next state is the caller's to choose: the application may have done so
   */
  #end(close: TransportClose | null, closeCode: number | undefined, isLeaving = false): boolean {
    const { session, transport } = this
    const wasTold = this.#state.name === 'ending'
    this.#leave(closeCode)
    if (transport === undefined || wasTold) return true
    const state: ConnectorState<Session> = { name: 'ending', transport, session, isLeaving }
    this.#state = state
    this.#host.onConnectionClose(close)
    return this.#state === state
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

  /** @returns whether it is still there once the application knows */
  #move(state: ConnectorState<Session>): boolean {
    if (this.#state.name === 'waiting') this.#state.timer.cancel()
    this.#state = state
    this.#owner.onStatus()
    return this.#state === state
  }
}

const noConnection = { transport: undefined, session: undefined, isLeaving: false } as const

function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ProviderError('CLOSED', message, { cause: error })
}
