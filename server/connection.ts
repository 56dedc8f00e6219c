import { decodeAwareness } from '../protocol/awareness-message.js'
import { closeReason } from '../protocol/close-reason.js'
import {
  emptyAwarenessMessage,
  encodeAwareness,
  encodePermissionDenied,
  encodePong,
} from '../protocol/codec.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { encodeAcknowledge, encodeAway, encodeReject } from '../protocol/extension-codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { Author } from './author.js'
import type { ConnectionContext } from './connection-context.js'
import type { ConnectionState, JoiningState } from './connection-state.js'
import { ConnectionWriter } from './connection-writer.js'
import type { Document, DocumentUser } from './document.js'
import { Heartbeat, type HeartbeatOwner } from './heartbeat.js'
import { helloMessage } from './hello-message.js'
import { InboundGate } from './inbound-gate.js'
import { startJoinTimer } from './join-timer.js'
import { LagWatch } from './lag-watch.js'
import { exceeds } from './limits.js'
import type { OpenDocument } from './open-document.js'
import { positionOf } from './position.js'
import { anonymous, type ConnectionRequest, type Principal } from './principal.js'
import { type Receipt, Receipts } from './receipts.js'
import { type MessageReceiver, receiveMessage } from './receive-message.js'
import { RepeatedQuestion } from './repeated-question.js'
import type { Subscriber } from './subscriber.js'
import { SyncReplies } from './sync-replies.js'

/** The same question for the same missing clocks is not repeated sooner than this. */
const askAgainMs = 5_000
/** Normal, going away, and closed without a code: the client meant to leave. */
const cleanCloseCodes: ReadonlySet<number> = new Set([1000, 1001, 1005])
/** An update that says nothing: no structs, no deletes. */
const emptyUpdateBytes = 2

const keepAlive = new MessageBatch([emptyAwarenessMessage])

/**
 * One transport of one client for one document. All that a client can do wrong ends here: with the
 * error's close code, and for nobody else.
 *
 * Frames that arrive before authentication and opening are done wait, in order.
 */
export class Connection
  implements Author, Subscriber, DocumentUser, MessageReceiver, HeartbeatOwner
{
  readonly id: string
  readonly socket: MessageSocket
  readonly isExtended: boolean
  readonly lag: LagWatch
  cursor = 0
  presenceMark = 0
  readonly #context: ConnectionContext
  readonly #request: ConnectionRequest
  readonly #onClosed: (connection: Connection) => void
  readonly #receipts: Receipts | undefined
  readonly #gate: InboundGate
  readonly #writer: ConnectionWriter
  readonly #heartbeat: Heartbeat
  readonly #missing = new RepeatedQuestion(askAgainMs)
  readonly #queries: RepeatedQuestion
  #tab: string | undefined
  #state: ConnectionState
  #principal: Principal = anonymous

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
    this.id = Buffer.from(environment.randomBytes(9)).toString('base64url')
    this.#receipts = client.isExtended ? new Receipts() : undefined
    this.#gate = new InboundGate(environment, limits, socket)
    this.#writer = new ConnectionWriter(environment, socket, (error) => this.close(error))
    const { wheel } = context.document
    this.#queries = new RepeatedQuestion(limits.syncIntervalMs)
    this.#heartbeat = new Heartbeat(wheel, timings, this, environment.now())
    this.lag = new LagWatch(context.document, socket, (error) => this.close(error))
    this.#state = { name: 'joining', early: [], timer: startJoinTimer(this, context.options) }
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
    return this.#principal
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
    if (this.isExtended && receipt !== undefined) {
      const { code, message: reason, retryAfterMs } = error
      const { frame } = receipt
      this.#writer.sendControl(encodeReject({ frame, code, reason, retryAfterMs }))
    } else if (error.code !== 'INCOMPLETE') {
      // What was held too long is still with the client; closing would only bring it again.
      this.close(error)
    }
  }

  // As a subscriber.

  takeAcknowledgement(): Uint8Array | undefined {
    const count = this.#receipts?.takeAcknowledgement()
    if (count === undefined || this.#state.name !== 'live') return undefined
    return encodeAcknowledge({ count, position: positionOf(this.#state.open.index.head) })
  }

  wrote(now: number): void {
    this.#writer.wrote(now)
  }

  onDocumentLost(error: CairnError): void {
    this.close(error)
  }

  // As the receiver of messages.

  answerSync(known: ReadonlyMap<number, number>): void {
    if (this.#state.name === 'live') this.#state.replies.ask(known)
  }

  receiveUpdate(update: Uint8Array): void {
    if (this.#state.name !== 'live') return
    const receipt = this.#receipts?.begin()
    if (this.#principal.access === 'read') {
      this.#refuseWrite(update, receipt)
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
    const now = this.#context.options.environment.now()
    // A byte that asks for the whole list: who asks again so soon has just been told.
    if (this.#queries.shouldAsk('awareness', now)) this.#sendPresence()
  }

  nameTab(tab: string): void {
    this.#tab ??= tab
  }

  renewToken(): void {
    this.close(new CairnError('FORBIDDEN', 'this server takes no newer tokens'))
  }

  resumeFrom(): void {
    // Answering as if nothing had been said is what a server does that knows no positions.
  }

  receiveSignal(): void {
    // A signal is nobody's due.
  }

  answerPing(payload: Uint8Array): void {
    this.#writer.sendControl(encodePong(payload))
  }

  async #join(): Promise<void> {
    this.#gate.pause('joining')
    try {
      this.#principal = await this.#context.authenticate(this.#request)
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
      this.#writer.sendControl(helloMessage(this, open, this.#context.options))
    }
    for (const message of joining.early) this.#handle(message)
    this.#gate.resume('joining')
  }

  #onMessage(message: Uint8Array): void {
    this.#gate.received(message.byteLength)
    this.#heartbeat.heard(this.#context.options.environment.now())
    if (this.#state.name === 'joining') this.#keepEarly(message, this.#state.early)
    else this.#handle(message)
  }

  #keepEarly(message: Uint8Array, early: Uint8Array[]): void {
    early.push(message)
    // A transport may have had more in hand when it was paused.
    this.#gate.pause('joining')
    const bytes = early.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (!exceeds(bytes, this.#context.options.limits.updateBytes * 2)) return
    this.close(new CairnError('TOO_LARGE', `${bytes} bytes came before the document was open`))
  }

  #handle(frame: Uint8Array): void {
    if (this.#state.name !== 'live') return
    try {
      receiveMessage(this, frame)
    } catch (error) {
      this.close(toCairnError(error))
    }
  }

  #refuseWrite(update: Uint8Array, receipt: Receipt | undefined): void {
    // Every client answers the server's step 1, with nothing where it has nothing.
    if (update.byteLength > emptyUpdateBytes) {
      const error = new CairnError('FORBIDDEN', 'this connection may read, not write')
      if (receipt === undefined) this.#writer.sendControl(encodePermissionDenied(error.message))
      else this.refuse(receipt, error)
    }
    receipt?.settle()
  }

  /** One turn: the answer holds everything up to the head, and from the head on it is owed. */
  #deliver(open: OpenDocument, answer: readonly MessageBatch[]): void {
    if (this.#state.name !== 'live') return
    for (const batch of answer) this.#writer.send(batch)
    open.fanOut.join(this)
    this.#sendPresence()
    const away = this.isExtended ? open.presence.awayClients() : []
    if (away.length > 0) this.#writer.sendControl(encodeAway(away))
    // An acknowledgement may have waited for the join, and presence wants to know who is here.
    open.fanOut.request()
  }

  #sendPresence(): void {
    if (this.#state.name !== 'live') return
    const now = this.#context.options.environment.now()
    const awareness = this.#state.open.presence.snapshotFor(this, now)
    if (awareness !== undefined) this.#writer.sendControl(encodeAwareness(awareness))
  }

  #onDrain(): void {
    if (this.#state.name !== 'live') return
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
