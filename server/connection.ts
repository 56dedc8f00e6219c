import { decodeAwareness } from '../protocol/awareness-message.js'
import { closeReason } from '../protocol/close-reason.js'
import { emptyAwarenessMessage, encodeAwareness, encodePong } from '../protocol/codec.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { encodeAcknowledge } from '../protocol/extension-codec.js'
import type { ResumeMessage } from '../protocol/message.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { Author } from './author.js'
import { ConnectionAccess, type ConnectionAccessOwner } from './connection-access.js'
import type { ConnectionContext } from './connection-context.js'
import type { ConnectionState, JoiningState } from './connection-state.js'
import { ConnectionWriter } from './connection-writer.js'
import type { Document, DocumentUser } from './document.js'
import { EarlyFrames } from './early-frames.js'
import { Heartbeat, type HeartbeatOwner } from './heartbeat.js'
import { helloMessage } from './hello-message.js'
import { InboundGate } from './inbound-gate.js'
import { startJoinTimer } from './join-timer.js'
import { LagWatch } from './lag-watch.js'
import type { OpenDocument } from './open-document.js'
import { presenceGreeting } from './presence-greeting.js'
import type { Access, ConnectionRequest, Principal } from './principal.js'
import { type Receipt, Receipts } from './receipts.js'
import { type MessageReceiver, receiveMessage } from './receive-message.js'
import { Refusals } from './refusals.js'
import { RepeatedQuestion } from './repeated-question.js'
import { type Place, readPlace } from './resume.js'
import { SignalGate } from './signal-gate.js'
import type { Subscriber } from './subscriber.js'
import { SyncReplies } from './sync-replies.js'

/** The same question for the same missing clocks is not repeated sooner than this. */
const askAgainMs = 5_000
/** Normal, going away, and closed without a code: the client meant to leave. */
const cleanCloseCodes: ReadonlySet<number> = new Set([1000, 1001, 1005])

const keepAlive = new MessageBatch([emptyAwarenessMessage])

/**
 * One transport of one client for one document. All that a client can do wrong ends here: with the
 * error's close code, and for nobody else.
 *
 * Frames that arrive before authentication and opening are done wait, in order.
 */
export class Connection
  implements
    Author,
    Subscriber,
    DocumentUser,
    MessageReceiver,
    HeartbeatOwner,
    ConnectionAccessOwner
{
  readonly id: string
  readonly socket: MessageSocket
  readonly isExtended: boolean
  readonly lag: LagWatch
  cursor = 0
  presenceMark = 0
  isEpochDue = false
  readonly #context: ConnectionContext
  readonly #request: ConnectionRequest
  readonly #onClosed: (connection: Connection) => void
  readonly #access: ConnectionAccess
  readonly #signals: SignalGate | undefined
  readonly #receipts: Receipts | undefined
  readonly #gate: InboundGate
  readonly #writer: ConnectionWriter
  readonly #refusals: Refusals
  readonly #heartbeat: Heartbeat
  readonly #missing = new RepeatedQuestion(askAgainMs)
  readonly #queries: RepeatedQuestion
  #tab: string | undefined
  #state: ConnectionState
  /** For the next sync step 1. */
  #place: Place | undefined

  /** Starts to join at once. `onClosed` is called when the socket is gone. */
  constructor(
    context: ConnectionContext,
    socket: MessageSocket,
    client: { readonly request: ConnectionRequest; readonly isExtended: boolean },
    onClosed: (connection: Connection) => void,
  ) {
    const { environment, limits, timings } = context.options
    this.#context = context
    this.socket = socket
    this.#request = client.request
    this.isExtended = client.isExtended
    this.#onClosed = onClosed
    this.#access = new ConnectionAccess(context, client.request, this)
    this.id = Buffer.from(environment.randomBytes(9)).toString('base64url')
    this.#receipts = client.isExtended ? new Receipts() : undefined
    this.#gate = new InboundGate(environment, limits, socket)
    this.#writer = new ConnectionWriter(environment, socket, (error) => this.close(error))
    this.#refusals = new Refusals(this.#writer, (error) => this.close(error))
    const now = environment.now()
    this.#signals = client.isExtended ? new SignalGate(this, this.#writer, limits, now) : undefined
    const { wheel } = context.document
    this.#queries = new RepeatedQuestion(limits.syncIntervalMs)
    this.#heartbeat = new Heartbeat(wheel, timings, this, now)
    this.lag = new LagWatch(context.document, socket, (error) => this.close(error))
    this.#state = {
      name: 'joining',
      early: new EarlyFrames(limits.updateBytes * 2),
      timer: startJoinTimer(this, context.options),
    }
    socket.attach({
      onMessage: (message) => this.#onMessage(message),
      onTextMessage: () =>
        this.close(new CairnError('TEXT_MESSAGE', 'expected a binary message, got text')),
      onPong: () => this.#heartbeat.heard(environment.now()),
      onDrain: () => this.#onDrain(),
      onClose: (code) => this.#onSocketClosed(code),
    })
    context.guard.own('joining a document', this.#join())
  }

  get principal(): Principal {
    return this.#access.principal
  }

  get tab(): string | undefined {
    return this.#tab
  }

  get state(): ConnectionState['name'] {
    return this.#state.name
  }

  /** Ends the connection with the error's close code. Idempotent. */
  close(error: CairnError): void {
    if (this.#state.name === 'closed') return
    const { code, closeCode, message } = error
    const document = this.#request.documentName
    this.#context.options.logger.debug(
      { connection: this.id, document, code, closeCode, error: message },
      'closing a connection',
    )
    this.#leave(error.isTransient)
    this.socket.close(closeCode, closeReason(error))
  }

  /** Stops reading for good; what was read goes on. For draining. */
  stopReading(): void {
    this.#gate.pause('draining')
  }

  // As the owner of a heartbeat.

  get lastWroteAt(): number {
    return this.#writer.lastWroteAt
  }

  keepAlive(): void {
    if (this.#state.name === 'live') this.#writer.send(keepAlive)
  }

  onLost(): void {
    this.#context.options.logger.debug({ connection: this.id }, 'a connection gave no sign of life')
    this.#leave(true)
    // A close could not be delivered either.
    this.socket.terminate()
  }

  // As an author.

  queued(bytes: number): void {
    this.#gate.queued(bytes, this.#context.options.store.queuedBytes)
  }

  committed(bytes: number): void {
    this.#gate.committed(bytes)
  }

  askForMissing(missing: string): void {
    if (this.#state.name !== 'live') return
    if (!this.#missing.shouldAsk(missing, this.#context.options.environment.now())) return
    this.#writer.sendControl(this.#state.open.answers.step1())
  }

  refuse(receipt: Receipt | undefined, error: CairnError): void {
    this.#refusals.refuse(receipt, error)
  }

  // As the owner of an access.

  onRenewed(before: Access): void {
    if (this.#state.name !== 'live') return
    this.#writer.sendControl(this.#access.message())
    // What it wrote while it could not is still with it.
    const isWriterNow = before === 'read' && this.principal.access === 'write'
    if (isWriterNow) this.#writer.sendControl(this.#state.open.answers.step1())
  }

  // As a subscriber.

  takeAcknowledgement(): Uint8Array | undefined {
    const count = this.#receipts?.takeAcknowledgement()
    if (count === undefined || this.#state.name !== 'live') return undefined
    return encodeAcknowledge({ count, position: this.#state.open.position.bytes })
  }

  wrote(now: number): void {
    this.#writer.wrote(now)
  }

  onDocumentLost(error: CairnError): void {
    this.close(error)
  }

  // As the receiver of messages.

  answerSync(known: ReadonlyMap<number, number>): void {
    if (this.#state.name !== 'live') return
    const place = this.#place
    this.#place = undefined
    const isTrusted = this.#context.trustsPositions
    this.#state.replies.ask({ known, place, isTrusted })
  }

  receiveUpdate(update: Uint8Array): void {
    if (this.#state.name !== 'live') return
    const receipt = this.#receipts?.begin()
    if (this.principal.access === 'read') {
      this.#refusals.refuseWrite(update, receipt)
      return
    }
    try {
      this.#state.open.receiveUpdate(this, update, receipt)
    } catch (thrown) {
      const error = toCairnError(thrown)
      const isOnlyThisFrame = receipt !== undefined && error.code !== 'MALFORMED_UPDATE'
      if (!isOnlyThisFrame) throw error
      this.refuse(receipt, error)
      receipt.settle()
    }
  }

  receiveAwareness(awareness: Uint8Array): void {
    if (this.#state.name !== 'live') return
    const { presence, fanOut } = this.#state.open
    const entries = decodeAwareness(awareness, presence.messageLimits)
    presence.receive(this, entries, this.#context.options.environment.now())
    fanOut.request()
  }

  answerAwarenessQuery(): void {
    if (this.#state.name !== 'live') return
    const now = this.#context.options.environment.now()
    // A byte that asks for the whole list: who asks again so soon has just been told.
    if (!this.#queries.shouldAsk('awareness', now)) return
    const awareness = this.#state.open.presence.snapshotFor(this, now)
    if (awareness !== undefined) this.#writer.sendControl(encodeAwareness(awareness))
  }

  nameTab(tab: string): void {
    this.#tab ??= tab
  }

  resumeFrom(message: Omit<ResumeMessage, 'type'>): void {
    if (this.isExtended) this.#place = readPlace(message)
  }

  renewToken(token: string): void {
    if (this.isExtended) this.#access.renew(token)
  }

  receiveSignal(id: number, payload: string): void {
    if (this.#state.name !== 'live') return
    const { fanOut } = this.#state.open
    const now = this.#context.options.environment.now()
    this.#signals?.receive({ id, payload }, now, (signal) => fanOut.signal(signal))
  }

  answerPing(payload: Uint8Array): void {
    this.#writer.sendControl(encodePong(payload))
  }

  async #join(): Promise<void> {
    this.#gate.pause('joining')
    try {
      await this.#access.authenticate()
      if (this.#state.name !== 'joining') return
      const { document, open } = await this.#context.use(this.#request.documentName, this)
      if (this.#state.name === 'joining') this.#goLive(document, open, this.#state)
      else document.release(this)
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  #goLive(document: Document, open: OpenDocument, joining: JoiningState): void {
    joining.timer?.cancel()
    const { environment, limits } = this.#context.options
    const replies = new SyncReplies({
      environment,
      guard: this.#context.guard,
      intervalMs: limits.syncIntervalMs,
      socket: this.socket,
      answers: open.answers,
      deliver: (answer) => this.#deliver(open, answer),
      fail: (error) => {
        open.readFailed(error)
        this.close(toCairnError(error))
      },
    })
    this.#state = { name: 'live', document, open, replies }
    if (this.isExtended) {
      const hello = helloMessage(this, open, this.#context.options)
      this.isEpochDue = open.position.epoch.byteLength === 0
      this.#writer.sendControl(hello, ...this.#access.greeting)
    }
    for (const message of joining.early) this.#handle(message)
    this.#gate.resume('joining')
  }

  #onMessage(message: Uint8Array): void {
    this.#gate.received(message.byteLength)
    this.#heartbeat.heard(this.#context.options.environment.now())
    this.#handle(message)
  }

  #handle(frame: Uint8Array): void {
    try {
      if (this.#state.name === 'live') receiveMessage(this, frame)
      else if (this.#state.name === 'joining') {
        // A transport may have had more in hand when it was paused.
        this.#gate.pause('joining')
        this.#state.early.add(frame)
      }
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  /** One turn: the answer holds everything up to the head, and from the head on it is owed. */
  #deliver(open: OpenDocument, answer: readonly MessageBatch[]): void {
    if (this.#state.name !== 'live') return
    for (const batch of answer) this.#writer.send(batch)
    const now = this.#context.options.environment.now()
    const beside = [...presenceGreeting(open.presence, this, now)]
    open.fanOut.join(this)
    if (this.isExtended) {
      beside.unshift(open.position.message(this.isEpochDue))
      this.isEpochDue &&= open.position.epoch.byteLength === 0
    }
    this.#writer.sendControl(...beside)
    // An acknowledgement may have waited for the join, and presence wants to know who is here.
    open.fanOut.request()
  }

  #onDrain(): void {
    if (this.#state.name !== 'live') return
    this.#heartbeat.drained()
    const { open, replies } = this.#state
    if (open.fanOut.catchUp(this)) {
      replies.drained()
      return
    }
    // What it is owed is gone from the tail, or dearer than starting over.
    this.lag.end()
    open.fanOut.leave(this)
    replies.startOver()
  }

  #onSocketClosed(code: number): void {
    this.#leave(!cleanCloseCodes.has(code))
    this.#onClosed(this)
  }

  #leave(isLost: boolean): void {
    const state = this.#state
    if (state.name === 'closed') return
    this.#state = { name: 'closed' }
    this.#gate.close()
    this.#heartbeat.stop()
    this.#access.stop()
    this.lag.end()
    if (state.name === 'joining') {
      state.timer?.cancel()
      return
    }
    const { document, open, replies } = state
    replies.close()
    open.fanOut.leave(this)
    open.forget(this)
    const now = this.#context.options.environment.now()
    open.presence.disconnect(this, isLost ? 'lost' : 'clean', now)
    open.fanOut.request()
    document.release(this)
  }
}
