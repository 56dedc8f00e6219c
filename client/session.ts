import { applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import {
  decodeServerMessage,
  emptyAwarenessMessage,
  encodeAwareness,
  encodePing,
  encodePong,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../protocol/codec.js'
import {
  encodeResume,
  encodeSentSignal,
  encodeTab,
  encodeToken,
} from '../protocol/extension-codec.js'
import type { HelloMessage, RejectMessage, ServerMessage } from '../protocol/message.js'
import type { Timer } from '../runtime/environment.js'
import { guarded } from './guarded.js'
import { Heartbeat } from './heartbeat.js'
import { ProviderError, readOnlyError, tooLargeError } from './provider-error.js'
import type { SessionOwner } from './session-owner.js'
import type { Transport } from './transport.js'
import { noUpdate } from './unsaved-changes.js'

/**
 * What is said on one transport, from its opening on.
 *
 * 1. A frame that carries an update has a number here, from 1; the server acknowledges by it.
 * 2. Until the server's sync step 1 is answered no update goes out by itself: the answer has it.
 * 3. Whatever reaches the application may end it; its frames say nothing of those of the next one.
 */
export class Session {
  readonly transport: Transport
  readonly #owner: SessionOwner
  readonly #heartbeat: Heartbeat
  #hello: HelloMessage | undefined
  #access: 'read' | 'write' = 'write'
  #isHeard = false
  #isSynced = false
  #isClosed = false
  /** The state vector in the server's last sync step 1; undefined until it was answered. */
  #asked: Uint8Array | undefined
  #frames = 0
  readonly #retries = new Set<Timer>()

  constructor(owner: SessionOwner, transport: Transport) {
    this.#owner = owner
    this.transport = transport
    this.#heartbeat = new Heartbeat({
      environment: owner.environment,
      ask: () => this.#ask(),
      onLatency: (latencyMs) => owner.onLatency(latencyMs),
      onLost: () => owner.onLost(),
    })
  }

  get isSynced(): boolean {
    return this.#isSynced
  }

  /** Whether the server speaks `cairn.v1`, as its hello has shown. */
  get hello(): HelloMessage | undefined {
    return this.#hello
  }

  /** The first words. @param mayBeExtended whether the other side may know `cairn.v1` */
  start(mayBeExtended: boolean): void {
    const { awareness, doc, place, tab } = this.#owner
    if (mayBeExtended) {
      this.#send(encodeTab(tab))
      if (place.resume !== undefined) this.#send(encodeResume(place.resume))
    }
    this.#send(encodeSyncStep1(Y.encodeStateVector(doc)))
    // Presence of others comes to whoever has announced itself, be it with nothing.
    if (awareness.getLocalState() === null) this.#send(emptyAwarenessMessage)
    else this.sendAwareness([awareness.clientID])
  }

  receive(frame: Uint8Array): void {
    if (this.#isClosed) return
    let message: ServerMessage
    try {
      message = decodeServerMessage(frame)
    } catch (error) {
      this.#owner.onError(error)
      return
    }
    const isFirst = !this.#isHeard
    this.#isHeard = true
    if (isFirst) this.#owner.unsaved.setAcknowledging(message.type === 'hello')
    const isAnswer = message.type === 'pong' || (this.#hello === undefined && isStep2(message))
    this.#heartbeat.heard(isAnswer)
    if (!this.#isClosed) this.#handle(message, frame)
  }

  /** Whether a change may go out by itself; before, the answer to the server will have it. */
  get canSend(): boolean {
    // A server that never asks would otherwise never be told.
    const isTold = this.#asked !== undefined || (this.#isSynced && this.#hello === undefined)
    return isTold && this.#access === 'write' && !this.#isClosed
  }

  /** Why the server would not take a change; undefined where it may. */
  refusalOf(update: Uint8Array): ProviderError | undefined {
    if (this.isReadOnly) return readOnlyError()
    const { maxUpdateBytes = 0 } = this.#hello ?? {}
    const isTooLarge = maxUpdateBytes > 0 && update.byteLength > maxUpdateBytes
    return isTooLarge ? tooLargeError(update.byteLength, maxUpdateBytes) : undefined
  }

  /** Sends a change at once where that is due. @returns its frame */
  sendUpdate(update: Uint8Array): number | undefined {
    return this.canSend ? this.#sendCounted(encodeUpdate(update)) : undefined
  }

  /**
   * Sends what other tabs have not, where that can be done now; refuses it where it never can.
   * @param from of this one alone
   */
  forward(from?: string): void {
    const { unsaved } = this.#owner
    if (this.isReadOnly) this.#refuseWaiting(readOnlyError())
    if (!this.canSend) return
    const send = (update: Uint8Array) => this.refusalOf(update) ?? this.sendUpdate(update)
    const refused = unsaved.takeUnsentOfTabs(send, from)
    if (refused.length === 0) return
    for (const { error, changes } of refused) this.#owner.onRejected(error, changes)
    this.#owner.onUnsavedChanged()
  }

  /** A message of the application's own. */
  sendRaw(message: Uint8Array): void {
    this.#send(message)
  }

  get isReadOnly(): boolean {
    return this.#access === 'read'
  }

  sendAwareness(clientIDs: number[]): void {
    this.#send(encodeAwareness(encodeAwarenessUpdate(this.#owner.awareness, clientIDs)))
  }

  sendSignal(id: number, payload: string): void {
    this.#send(encodeSentSignal({ id, payload }))
  }

  sendToken(token: string): void {
    if (this.#hello !== undefined) this.#send(encodeToken(token))
  }

  /** Asks the server what it has that the Y.Doc lacks. */
  resync(): void {
    this.#send(encodeSyncStep1(Y.encodeStateVector(this.#owner.doc)))
  }

  /** The page woke up: is the other side still there? */
  check(): void {
    this.#heartbeat.check()
  }

  /** Nothing more is taken or sent. The transport is the owner's to close. */
  stop(): void {
    this.#isClosed = true
    this.#heartbeat.stop()
    for (const timer of this.#retries) timer.cancel()
    this.#retries.clear()
  }

  #handle(message: ServerMessage, frame: Uint8Array): void {
    const owner = this.#owner
    switch (message.type) {
      case 'hello':
        this.#greet(message)
        break
      case 'sync-step-1':
        this.#answer(message.stateVector)
        break
      case 'sync-step-2':
        this.#apply(message.update)
        this.#synced()
        break
      case 'update':
        this.#apply(message.update)
        break
      case 'awareness':
        guarded(this.#owner, () =>
          applyAwarenessUpdate(owner.awareness, message.awareness, owner.origin),
        )
        break
      case 'query-awareness':
        this.sendAwareness([...owner.awareness.getStates().keys()])
        break
      case 'auth':
        owner.onPermissionDenied(message.reason)
        break
      case 'ping':
        this.#send(encodePong(message.payload))
        break
      case 'pong':
        break
      case 'unknown':
        owner.onUnknown(message.messageType, frame)
        break
      default:
        if (this.#hello !== undefined) this.#handleExtended(message)
    }
  }

  #handleExtended(message: ExtendedMessage): void {
    const owner = this.#owner
    switch (message.type) {
      case 'acknowledge':
        owner.unsaved.acknowledge(message.count)
        owner.place.reach(message.position)
        owner.onUnsavedChanged()
        break
      case 'position':
        if (message.epoch.length > 0) this.#learnEpoch(message.epoch)
        owner.place.reach(message.position)
        break
      case 'reject':
        this.#rejected(message)
        break
      case 'access':
        this.#access = message.access
        owner.onAccess(message)
        break
      case 'away':
        owner.onAway(message.clientIDs, true)
        break
      case 'back':
        owner.onAway(message.clientIDs, false)
        break
      case 'signal':
        owner.onSignal(message)
        break
      case 'signal-receipt':
        owner.onSignalReceipt(message)
        break
    }
  }

  #greet(hello: HelloMessage): void {
    const { place, unsaved } = this.#owner
    if (this.#hello !== undefined) return
    const former = place.epoch
    const relation = place.compare(hello.epoch, hello.durability)
    if (relation === 'another') {
      this.#owner.onReset(former, hello.epoch.slice())
      return
    }
    if (relation === 'same-with-losses') {
      unsaved.forgetWhatIsSaved()
      this.#owner.onUnsavedChanged()
      if (this.#isClosed) return
    }
    this.#hello = hello
    this.#access = hello.access
    this.#learnEpoch(hello.epoch)
    this.#owner.onHello(hello)
  }

  #learnEpoch(epoch: Uint8Array): void {
    this.#owner.place.setEpoch(epoch)
    if (epoch.length > 0) this.#owner.onEpoch(epoch)
  }

  #synced(): void {
    if (this.#isSynced || this.#isClosed) return
    this.#isSynced = true
    this.#owner.onSynced()
    // A server that does not know ping would send the document's deletes again.
    if (this.#hello !== undefined) this.#heartbeat.measure()
  }

  #answer(stateVector: Uint8Array): void {
    const { doc, unsaved } = this.#owner
    if (this.#isClosed) return
    this.#asked = stateVector.slice()
    if (this.isReadOnly) {
      this.#answerNothing(readOnlyError())
      return
    }
    guarded(this.#owner, () => {
      const { update, isEverything } = unsaved.answer(doc, stateVector)
      const refusal = this.refusalOf(update)
      if (refusal !== undefined) this.#answerNothing(refusal)
      else unsaved.sentAnswer(this.#sendCounted(encodeSyncStep2(update)), isEverything)
    })
  }

  /** Every client answers, also one from which the server does not take what waits. */
  #answerNothing(error: ProviderError): void {
    this.#sendCounted(encodeSyncStep2(noUpdate))
    this.#refuseWaiting(error)
  }

  #refuseWaiting(error: ProviderError): void {
    const changes = this.#owner.unsaved.refuseWaiting(error)
    if (changes === 0) return
    this.#owner.onRejected(error, changes)
    this.#owner.onUnsavedChanged()
  }

  #rejected(reject: RejectMessage): void {
    const { environment, unsaved } = this.#owner
    const { code, reason, retryAfterMs } = reject
    const error = new ProviderError(code, reason, { retryAfterMs })
    this.#owner.onRejected(error, unsaved.reject(reject.frame, error))
    this.#owner.onUnsavedChanged()
    if (this.#isClosed) return
    const asked = this.#asked
    // The server drops an update whose past did not come: then all of it is sent, in one piece.
    const retryMs = reject.code === 'INCOMPLETE' ? incompleteRetryMs : reject.retryAfterMs
    if (retryMs === 0 || asked === undefined || this.#retries.size > 0) return
    const timer = environment.setTimer(() => {
      this.#retries.delete(timer)
      this.#answer(asked)
    }, retryMs)
    this.#retries.add(timer)
  }

  #ask(): void {
    // A server that does not know ping answers sync step 1, whatever it is.
    if (this.#hello === undefined) this.resync()
    else this.#send(encodePing(noPayload))
  }

  #apply(update: Uint8Array): void {
    guarded(this.#owner, () => Y.applyUpdate(this.#owner.doc, update, this.#owner.origin))
  }

  #sendCounted(message: Uint8Array): number {
    this.#send(message)
    return ++this.#frames
  }

  #send(message: Uint8Array): void {
    if (!this.#isClosed) this.transport.send(message)
  }
}

const noPayload = new Uint8Array(0)
const incompleteRetryMs = 1_000

type ExtendedMessage = Exclude<
  ServerMessage,
  {
    readonly type:
      | 'hello'
      | 'sync-step-1'
      | 'sync-step-2'
      | 'update'
      | 'awareness'
      | 'query-awareness'
      | 'auth'
      | 'ping'
      | 'pong'
      | 'unknown'
  }
>

function isStep2(message: ServerMessage): boolean {
  return message.type === 'sync-step-2'
}
