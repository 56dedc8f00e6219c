import { decodeAwareness } from '../protocol/awareness-message.js'
import {
  emptyAwarenessMessage,
  encodeAcknowledge,
  encodeAwareness,
  encodeHello,
  encodePermissionDenied,
  encodePong,
  encodeReject,
} from '../protocol/codec.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import type { Timer } from '../runtime/environment.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { Author } from './author.js'
import { ByteAllowance } from './byte-allowance.js'
import type { ConnectionContext } from './connection-context.js'
import type { Document, DocumentUser } from './document.js'
import { FanOut } from './fan-out.js'
import { exceeds } from './limits.js'
import type { OpenDocument } from './open-document.js'
import { encodePosition } from './position.js'
import { anonymous, type ConnectionRequest, type Principal } from './principal.js'
import { type Receipt, Receipts } from './receipts.js'
import { receiveMessage } from './receive-message.js'
import type { Lag, Subscriber } from './subscriber.js'

/** joining -> live -> closed, or joining -> closed. */
type ConnectionState =
  | { readonly name: 'joining'; readonly early: Uint8Array[]; readonly timer: Timer | undefined }
  | { readonly name: 'live'; readonly document: Document; readonly open: OpenDocument }
  | { readonly name: 'closed' }

/** What stops reading from a socket; it is read again when none of them holds. */
type PauseReason = 'joining' | 'uncommitted' | 'rate' | 'draining'

/** Control messages that a connection may be owed while it does not read. */
const maxUnreadControlBytes = 1_048_576
/** The same question for the same missing clocks is not repeated sooner than this. */
const askAgainMs = 5_000

const keepAlive = new MessageBatch([emptyAwarenessMessage])
const emptyUpdateBytes = 2

/**
 * One transport of one client for one document. All that a client can do wrong ends here: with the
 * error's close code, and for nobody else.
 *
 * Frames that arrive before authentication and opening are done wait, in order.
 */
export class Connection implements Author, Subscriber, DocumentUser {
  readonly id: string
  readonly socket: MessageSocket
  readonly isExtended: boolean
  cursor = 0
  presenceMark = 0
  lag: Lag | undefined
  readonly #context: ConnectionContext
  readonly #request: ConnectionRequest
  readonly #receipts: Receipts | undefined
  readonly #allowance: ByteAllowance
  readonly #pauseReasons = new Set<PauseReason>()
  #state: ConnectionState
  #principal: Principal = anonymous
  #uncommittedBytes = 0
  #lastWroteAt: number
  #unreadControlBytes = 0
  #asked: { readonly missing: string; readonly at: number } | undefined
  #rateTimer: Timer | undefined
  #sync: SyncState = { name: 'idle', answeredAt: Number.NEGATIVE_INFINITY }

  constructor(
    context: ConnectionContext,
    socket: MessageSocket,
    request: ConnectionRequest,
    isExtended: boolean,
  ) {
    const { environment, limits } = context.options
    this.#context = context
    this.socket = socket
    this.#request = request
    this.isExtended = isExtended
    this.id = Buffer.from(environment.randomBytes(9)).toString('base64url')
    this.#receipts = isExtended ? new Receipts() : undefined
    const { connectionBytesPerSecond, connectionBurstBytes } = limits
    const now = environment.now()
    this.#allowance = new ByteAllowance(connectionBytesPerSecond, connectionBurstBytes, now)
    this.#lastWroteAt = now
    const timer =
      limits.joinMs === 0
        ? undefined
        : environment.setTimer(() => this.close(joinTimeout(limits.joinMs)), limits.joinMs)
    this.#state = { name: 'joining', early: [], timer }
    socket.attach({
      onMessage: (message) => this.#onMessage(message),
      onTextMessage: () =>
        this.close(new CairnError('TEXT_MESSAGE', 'expected a binary message, got text')),
      onPong: () => undefined,
      onDrain: () => this.#onDrain(),
      onClose: (code) => this.#onClose(code),
    })
    context.guard.own('joining a document', this.#join())
  }

  get principal(): Principal {
    return this.#principal
  }

  get state(): ConnectionState['name'] {
    return this.#state.name
  }

  /** Ends the connection with the error's close code. Idempotent. */
  close(error: CairnError): void {
    if (this.#state.name === 'closed') return
    const { code, closeCode, message } = error
    this.#context.options.logger.debug(
      {
        connection: this.id,
        document: this.#request.documentName,
        code,
        closeCode,
        error: message,
      },
      'closing a connection',
    )
    const isLost = error.isTransient
    this.#leave(isLost)
    this.socket.close(closeCode, `${code}: ${message}`)
  }

  /** Stops reading for good; what was read goes on. For draining. */
  stopReading(): void {
    this.#pause('draining')
  }

  /** Time passes: a silent connection is kept alive, one that lags for too long goes. */
  tick(now: number): void {
    if (this.#state.name !== 'live') return
    const lagError = FanOut.lagError(this, this.#context.document)
    if (lagError !== undefined) {
      this.close(lagError)
    } else if (now - this.#lastWroteAt >= this.#context.options.timings.keepAliveMs) {
      if (this.socket.isDrained) this.#send(keepAlive)
    }
  }

  queued(bytes: number): void {
    this.#uncommittedBytes += bytes
    const { limits, store } = this.#context.options
    const isOver =
      exceeds(this.#uncommittedBytes, limits.connectionUncommittedBytes) ||
      exceeds(store.queuedBytes, limits.uncommittedBytes)
    if (isOver) this.#pause('uncommitted')
  }

  committed(bytes: number): void {
    this.#uncommittedBytes -= bytes
    if (!this.#pauseReasons.has('uncommitted')) return
    const enough = this.#context.options.limits.connectionUncommittedBytes / 2
    if (this.#uncommittedBytes <= enough) this.#unpause('uncommitted')
  }

  askForMissing(missing: string): void {
    if (this.#state.name !== 'live') return
    const now = this.#context.options.environment.now()
    if (this.#asked?.missing === missing && now - this.#asked.at < askAgainMs) return
    this.#asked = { missing, at: now }
    this.#sendControl(this.#state.open.answers.step1())
  }

  refuse(receipt: Receipt | undefined, error: CairnError): void {
    if (this.isExtended && receipt !== undefined) {
      const { code, message: reason } = error
      const { frame } = receipt
      this.#sendControl(encodeReject({ frame, code, reason, retryAfterMs: 0 }))
    } else if (error.code !== 'INCOMPLETE') {
      // What was held too long is still with the client; closing would only bring it again.
      this.close(error)
    }
  }

  takeAcknowledgement(): Uint8Array | undefined {
    const count = this.#receipts?.takeAcknowledgement()
    if (count === undefined || this.#state.name !== 'live') return undefined
    return encodeAcknowledge({ count, position: encodePosition(this.#state.open.index.head) })
  }

  wrote(now: number): void {
    this.#lastWroteAt = now
  }

  onDocumentLost(error: CairnError): void {
    this.close(error)
  }

  async #join(): Promise<void> {
    this.#pauseReasons.add('joining')
    try {
      this.#principal = await this.#context.authenticate(this.#request)
      if (this.#state.name !== 'joining') return
      const { document, open } = await this.#context.use(this.#request.documentName, this)
      if (this.#state.name !== 'joining') {
        document.release(this)
        return
      }
      this.#goLive(document, open, this.#state)
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  #goLive(
    document: Document,
    open: OpenDocument,
    joining: Extract<ConnectionState, { name: 'joining' }>,
  ): void {
    joining.timer?.cancel()
    this.#state = { name: 'live', document, open }
    if (this.isExtended) this.#sendControl(this.#hello(open))
    for (const message of joining.early) this.#handle(message)
    this.#unpause('joining')
  }

  #hello(open: OpenDocument): Uint8Array {
    const { store, limits, timings } = this.#context.options
    return encodeHello({
      connectionId: this.id,
      access: this.#principal.access,
      epoch: open.log.epoch ?? new Uint8Array(0),
      position: encodePosition(open.index.head),
      durability: store.durability,
      maxUpdateBytes: limits.updateBytes,
      heartbeatMs: timings.keepAliveMs,
    })
  }

  #onMessage(message: Uint8Array): void {
    const { environment, limits } = this.#context.options
    const waitMs = this.#allowance.spend(message.byteLength, environment.now())
    if (waitMs > 0) this.#pauseForRate(waitMs)
    if (this.#state.name === 'live') {
      this.#handle(message)
    } else if (this.#state.name === 'joining') {
      this.#state.early.push(message)
      this.#pause('joining')
      const bytes = this.#state.early.reduce((sum, early) => sum + early.byteLength, 0)
      if (exceeds(bytes, limits.updateBytes * 2)) {
        this.close(new CairnError('TOO_LARGE', `${bytes} bytes came before the document was open`))
      }
    }
  }

  #handle(frame: Uint8Array): void {
    if (this.#state.name !== 'live') return
    const { open } = this.#state
    try {
      receiveMessage(
        {
          answerSync: (known) => this.#onSyncStep1(known),
          receiveUpdate: (update) => this.#onUpdate(open, update),
          receiveAwareness: (awareness) => this.#onAwareness(open, awareness),
          answerAwarenessQuery: () => this.#sendPresence(open),
          answerPing: (payload) => this.#sendControl(encodePong(payload)),
        },
        frame,
      )
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  #onUpdate(open: OpenDocument, update: Uint8Array): void {
    const receipt = this.#receipts?.begin()
    if (this.#principal.access === 'read') {
      this.#refuseWrite(update, receipt)
      return
    }
    try {
      open.receiveUpdate(this, update, receipt)
    } catch (thrown) {
      const error = toCairnError(thrown)
      const isOnlyThisFrame = receipt !== undefined && error.code !== 'MALFORMED_UPDATE'
      if (!isOnlyThisFrame) throw error
      this.refuse(receipt, error)
      receipt.settle()
    }
  }

  #refuseWrite(update: Uint8Array, receipt: Receipt | undefined): void {
    // Every client answers the server's step 1, with nothing where it has nothing.
    if (update.byteLength > emptyUpdateBytes) {
      const error = new CairnError('FORBIDDEN', 'this connection may read, not write')
      if (receipt === undefined) this.#sendControl(encodePermissionDenied(error.message))
      else this.refuse(receipt, error)
    }
    receipt?.settle()
  }

  #onAwareness(open: OpenDocument, awareness: Uint8Array): void {
    const { environment } = this.#context.options
    const entries = decodeAwareness(awareness, open.presence.messageLimits)
    open.presence.receive(this, entries, environment.now())
    open.fanOut.request()
  }

  #sendPresence(open: OpenDocument): void {
    const presence = open.presence.snapshotFor(this, this.#context.options.environment.now())
    if (presence !== undefined) this.#sendControl(encodeAwareness(presence))
  }

  /** Answers now, or when the last answer is old enough and the socket has taken what it has. */
  #onSyncStep1(known: ReadonlyMap<number, number>): void {
    if (this.#sync.name === 'waiting' || this.#sync.name === 'preparing') {
      this.#sync.known = known
      return
    }
    const { environment, limits } = this.#context.options
    const waitMs = this.#sync.answeredAt + limits.syncIntervalMs - environment.now()
    if (waitMs > 0) {
      const timer = environment.setTimer(() => this.#answerWaiting(), waitMs)
      this.#sync = { name: 'waiting', known, timer }
    } else if (!this.socket.isDrained) {
      this.#sync = { name: 'waiting', known, timer: undefined }
      this.socket.awaitDrain()
    } else {
      this.#answer(known)
    }
  }

  #answerWaiting(): void {
    if (this.#sync.name !== 'waiting') return
    const { known } = this.#sync
    this.#sync = { name: 'idle', answeredAt: Number.NEGATIVE_INFINITY }
    this.#onSyncStep1(known)
  }

  #answer(known: ReadonlyMap<number, number>): void {
    if (this.#state.name !== 'live') return
    const answer = this.#state.open.answers.answer(known)
    if (answer !== undefined) {
      this.#deliver(this.#state.open, answer)
      return
    }
    this.#sync = { name: 'preparing', known }
    this.#context.guard.own('answering a sync step 1', this.#prepareAndAnswer(this.#state.open))
  }

  async #prepareAndAnswer(open: OpenDocument): Promise<void> {
    try {
      while (this.#sync.name === 'preparing' && this.#state.name === 'live') {
        const { known } = this.#sync
        const prepared = await open.answers.prepare(known)
        const answer = open.answers.answer(known, prepared)
        if (answer !== undefined) {
          this.#deliver(open, answer)
          return
        }
      }
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  /** One turn: the answer holds everything up to the head, and from the head on it is owed. */
  #deliver(open: OpenDocument, answer: readonly MessageBatch[]): void {
    if (this.#state.name !== 'live') return
    for (const batch of answer) this.#send(batch)
    open.fanOut.join(this)
    this.#sendPresence(open)
    this.#sync = { name: 'idle', answeredAt: this.#context.options.environment.now() }
    // An acknowledgement may have waited for the join.
    if (this.isExtended) open.fanOut.request()
  }

  #onDrain(): void {
    this.#unreadControlBytes = 0
    if (this.#state.name !== 'live') return
    const { open } = this.#state
    if (!open.fanOut.catchUp(this)) {
      // What it is owed is gone from the tail, or dearer than starting over.
      this.lag = undefined
      open.fanOut.leave(this)
      this.#answer(new Map())
    } else if (this.#sync.name === 'waiting' && this.#sync.timer === undefined) {
      this.#answerWaiting()
    }
  }

  #send(batch: MessageBatch): void {
    this.socket.send(batch)
    this.wrote(this.#context.options.environment.now())
  }

  /** Sends what no cursor stands for, and counts it while it is not read. */
  #sendControl(message: Uint8Array): void {
    if (this.socket.isDrained) this.#unreadControlBytes = 0
    this.#unreadControlBytes += message.byteLength
    if (this.#unreadControlBytes > maxUnreadControlBytes) {
      this.close(new CairnError('LAGGING', 'the connection asks and does not read the answers'))
    } else {
      this.#send(new MessageBatch([message]))
    }
  }

  #pauseForRate(waitMs: number): void {
    this.#pause('rate')
    this.#rateTimer?.cancel()
    this.#rateTimer = this.#context.options.environment.setTimer(
      () => this.#unpause('rate'),
      waitMs,
    )
  }

  #pause(reason: PauseReason): void {
    this.#pauseReasons.add(reason)
    this.socket.pause()
  }

  #unpause(reason: PauseReason): void {
    this.#pauseReasons.delete(reason)
    if (this.#pauseReasons.size === 0 && this.#state.name !== 'closed') this.socket.resume()
  }

  #onClose(code: number): void {
    this.#leave(!cleanCloseCodes.has(code))
    this.#context.onClosed(this)
  }

  #leave(isLost: boolean): void {
    const state = this.#state
    if (state.name === 'closed') return
    this.#state = { name: 'closed' }
    this.#rateTimer?.cancel()
    if (this.#sync.name === 'waiting') this.#sync.timer?.cancel()
    if (state.name === 'joining') {
      state.timer?.cancel()
      return
    }
    const { environment } = this.#context.options
    state.open.fanOut.leave(this)
    state.open.forget(this)
    state.open.presence.disconnect(this, isLost ? 'lost' : 'clean', environment.now())
    state.open.fanOut.request()
    state.document.release(this)
  }
}

type SyncState =
  | { readonly name: 'idle'; readonly answeredAt: number }
  /** For the interval to pass (timer), or for the socket to drain. */
  | {
      readonly name: 'waiting'
      known: ReadonlyMap<number, number>
      readonly timer: Timer | undefined
    }
  /** For bytes from the store or the worker. */
  | { readonly name: 'preparing'; known: ReadonlyMap<number, number> }

/** Normal, going away, and closed without a code: the client meant to leave. */
const cleanCloseCodes: ReadonlySet<number> = new Set([1000, 1001, 1005])

function joinTimeout(ms: number): CairnError {
  return new CairnError('TIMEOUT', `the document was not open after ${ms} ms`)
}
