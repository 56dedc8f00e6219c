import type { ServerResponse } from 'node:http'
import { parseCloseReason } from '../protocol/close-reason.js'
import type { Environment, Timer } from '../runtime/environment.js'
import type { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../runtime/message-socket.js'
import { nextTurn } from './event-stream-messages.js'
import { eventPieces, eventText } from './event-stream-text.js'
import { answerText, anyOrigin, finalStatus } from './http-answer.js'
import { PieceWriter, pieceBytes } from './piece-writer.js'

/** How long the other side may take to read the end. */
const closeTimeoutMs = 5_000
/** An `EventSource` waits so long before it comes back, each connection another time of this span. */
const retryMs = { least: 2_000, most: 10_000 }
/** What is taken of a POST in one turn, as of a WebSocket whatever one read of its socket brought. */
const turn = { messages: 256, bytes: 65_536 }
const lost = 1006
const normal = 1000

const streamHeaders = Object.freeze({
  ...anyOrigin,
  'content-type': 'text/event-stream',
  // A proxy that stores, compresses or collects the stream would hold its events back.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  // A stream ends seldom, and its HTTP connection with it: none is left idle when the server closes.
  connection: 'close',
})

export interface EventStreamOptions {
  readonly environment: Environment
  /** By which POSTs find the stream; undefined for one that the client only reads. */
  readonly secret: string | undefined
  /** The stream is gone, right before `onClose`. */
  readonly onGone: () => void
}

/**
 * An event stream as a `MessageSocket`: batches leave as events of the response, and what arrives by
 * POST is handed in with `deliver`. Nothing is answered before the first batch, so that a connection
 * that may not be is refused with a status.
 */
export class EventStreamTransport implements MessageSocket {
  readonly #response: ServerResponse
  readonly #options: EventStreamOptions
  readonly #writer: PieceWriter
  #state: 'new' | 'open' | 'closing' | 'closed' = 'new'
  #handlers: SocketHandlers | undefined
  #epoch = ''
  #isPaused = false
  readonly #onEnd = new Set<() => void>()
  #onReadable: (() => void)[] = []
  #close: { readonly code: number; readonly reason: string }
  #closeTimer: Timer | undefined

  constructor(response: ServerResponse, options: EventStreamOptions) {
    this.#response = response
    this.#options = options
    this.#writer = new PieceWriter(response, () => this.#handlers?.onDrain())
    // Who only reads has nobody whose leaving would be noticed.
    this.#close = { code: options.secret === undefined ? normal : lost, reason: '' }
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
    const { socket } = this.#response.req
    socket.setTimeout(0)
    socket.setNoDelay(true)
    // The close that follows says all that is needed; without a listener an error ends the process.
    this.#response.on('error', () => undefined)
    this.#response.once('close', this.#onGone)
    socket.once('close', this.#onGone)
    if (socket.destroyed) this.#options.environment.defer(this.#onGone)
  }

  /** Whether the client may still send. */
  get isOpen(): boolean {
    return this.#state === 'new' || this.#state === 'open'
  }

  /** The code that it was, or is being, closed with. */
  get closeCode(): number {
    return this.#close.code
  }

  send(batch: MessageBatch): void {
    if (!this.isOpen) return
    if (this.#state === 'new') this.#begin()
    if (batch.byteLength <= pieceBytes) {
      const { text, epoch } = eventText(batch, this.#epoch)
      this.#epoch = epoch
      this.#writer.write(text)
    } else {
      const { epoch, ...pieces } = eventPieces(batch.messages, this.#epoch, pieceBytes)
      this.#epoch = epoch
      this.#writer.writePieces(pieces)
    }
  }

  get isDrained(): boolean {
    return this.#writer.bufferedBytes === 0
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  awaitDrain(): void {
    if (this.isOpen) this.#writer.awaitDrain()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  ping(): void {
    if (this.#state === 'new') {
      // There is no answer yet, and before it nothing to ask with; a lost client is seen by its socket.
      this.heard()
    } else if (this.#state === 'open' && this.#writer.isBetweenWrites) {
      if (this.#options.secret !== undefined) this.#response.write(event('ping', {}))
      // A comment. Who never sends is there as long as its network takes what it is sent.
      else this.#response.write(':\n\n', (error) => error ?? this.heard())
    }
  }

  /** A sign of life came: part of a POST. */
  heard(): void {
    if (this.isOpen) this.#handlers?.onPong()
  }

  /** Resolves with true when what arrives may be read, with false when the stream has ended. */
  async whenReadable(): Promise<boolean> {
    while (this.isOpen && this.#isPaused) {
      await new Promise<void>((resolve) => this.#onReadable.push(resolve))
    }
    return this.isOpen
  }

  /** What `promise` brings; undefined once the client may no longer send, whoever has ended it. */
  whileOpen<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    // No race with a promise that lives as long as the stream: that would keep every value as long.
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(undefined)
      this.#onEnd.add(end)
      promise.then(resolve, reject).finally(() => this.#onEnd.delete(end))
      if (!this.isOpen) end()
    })
  }

  /**
   * Hands messages in, in order; resolves when all were taken, or the stream has ended. Where there
   * are many, others have their turn in between.
   */
  async deliver(messages: Iterable<Uint8Array>): Promise<void> {
    let taken = { messages: 0, bytes: 0 }
    for (const message of messages) {
      if (taken.messages === turn.messages || taken.bytes >= turn.bytes) {
        taken = { messages: 0, bytes: 0 }
        await nextTurn(this.#options.environment)
      }
      if (this.#isPaused) await this.whenReadable()
      if (!this.isOpen) return
      taken.messages++
      taken.bytes += message.byteLength
      this.#handlers?.onMessage(message)
    }
  }

  /** The client says that it leaves, with a close code of its own. */
  leave(code: number): void {
    if (!this.isOpen) return
    this.#startClosing({ code, reason: '' })
    this.terminate()
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return
    const hasBegun = this.#state === 'open'
    this.#startClosing({ code, reason })
    const status = finalStatus(code)
    if (!hasBegun && status !== undefined) {
      answerText(this.#response, status, `${reason}\n`, anyOrigin)
    } else if (this.#writer.isBetweenWrites) {
      if (!hasBegun) this.#response.writeHead(200, streamHeaders)
      this.#response.end(this.#retryText(reason) + event('close', { code, reason }))
    } else {
      // Between two pieces of a batch nothing else may be written: who lags that far is cut off.
      this.terminate()
    }
  }

  terminate(): void {
    this.#response.req.socket.destroy()
  }

  #begin(): void {
    this.#state = 'open'
    const { secret } = this.#options
    this.#response.writeHead(200, streamHeaders)
    const opening = secret === undefined ? '\n' : event('open', { connection: secret })
    this.#response.write(this.#retryText('') + opening)
  }

  #retryText(reason: string): string {
    const { least, most } = retryMs
    const { retryAfterMs } = parseCloseReason(reason)
    const spreadMs = least + this.#options.environment.random() * (most - least)
    // An `EventSource` asks again at this pace for as long as nobody answers.
    return `retry: ${Math.round(Math.max(retryAfterMs, spreadMs))}\n`
  }

  #startClosing(close: { readonly code: number; readonly reason: string }): void {
    this.#state = 'closing'
    this.#close = close
    const { environment } = this.#options
    this.#closeTimer = environment.setTimer(() => this.terminate(), closeTimeoutMs)
    this.#wake()
  }

  readonly #onGone = (): void => {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#closeTimer?.cancel()
    this.#writer.stop()
    this.#response.req.socket.off('close', this.#onGone)
    this.#wake()
    this.#options.onGone()
    this.#handlers?.onClose(this.#close.code, this.#close.reason)
  }

  #wake(): void {
    if (!this.isOpen) for (const end of this.#onEnd) end()
    for (const resolve of this.#onReadable.splice(0)) resolve()
  }
}

/** The data is JSON, so nothing in it can end a line. */
function event(type: string, data: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`
}
