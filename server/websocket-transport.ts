import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { errorCatalogue } from '../protocol/errors.js'
import type { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../runtime/message-socket.js'
import { webSocketFrames } from './websocket-frames.js'

/** What is larger leaves in pieces of this size, so that a slow reader's progress can be seen. */
const pieceBytes = 262_144
/** RFC 6455 leaves 123 bytes for the reason of a close. */
const maxReasonBytes = 123
const messageTooBig = 1009

/**
 * ws closes a message above `maxPayload` with 1009, after which a Yjs client sends the same update
 * for ever. Here it leaves with a code that clients take as final.
 */
export class CairnWebSocket extends WebSocket {
  override close(code?: number, data?: string | Buffer): void {
    super.close(code === messageTooBig ? errorCatalogue.TOO_LARGE.closeCode : code, data)
  }
}

/**
 * A WebSocket as a `MessageSocket`. Control frames and what is received go through ws; batches are
 * framed once for all connections and written to the stream below it. That is sound while ws itself
 * queues nothing, which holds without compression, and while no control frame is sent between two
 * pieces of a large batch, which `ping` and `close` see to.
 */
export class WebSocketTransport implements MessageSocket {
  readonly #webSocket: WebSocket
  readonly #stream: Duplex
  #state: 'open' | 'closing' | 'closed' = 'open'
  #pieces: Uint8Array[] = []
  #waitingBytes = 0
  #handlers: SocketHandlers | undefined
  #drainAwaited = false

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket
    this.#stream = stream
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
    this.#webSocket.on('message', (data, isBinary) => {
      if (!isBinary) handlers.onTextMessage()
      else if (data instanceof Uint8Array) handlers.onMessage(data)
    })
    this.#webSocket.on('pong', () => handlers.onPong())
    // The close that follows says all that is needed; without a listener an error ends the process.
    this.#webSocket.on('error', () => undefined)
    this.#webSocket.on('close', (code, reason) => {
      this.#state = 'closed'
      this.#pieces = []
      this.#waitingBytes = 0
      handlers.onClose(code, reason.toString())
    })
  }

  send(batch: MessageBatch): void {
    if (this.#state !== 'open' || this.#webSocket.readyState !== WebSocket.OPEN) return
    const frames = batch.encodedBy(webSocketFrames)
    if (this.#pieces.length === 0 && frames.byteLength <= pieceBytes) {
      this.#stream.write(frames)
      return
    }
    for (let start = 0; start < frames.byteLength; start += pieceBytes) {
      this.#pieces.push(frames.subarray(start, start + pieceBytes))
    }
    const wasIdle = this.#waitingBytes === 0
    this.#waitingBytes += frames.byteLength
    if (wasIdle) this.#writeNextPiece()
  }

  get isDrained(): boolean {
    return this.#waitingBytes === 0 && this.#stream.writableLength === 0
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#stream.writableLength
  }

  awaitDrain(): void {
    if (this.#drainAwaited) return
    this.#drainAwaited = true
    // An empty write is called back when everything before it has gone; 'drain' is only emitted
    // above the high-water mark.
    if (this.#waitingBytes === 0) this.#stream.write('', () => this.#onEmpty())
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  ping(): void {
    if (this.#waitingBytes > 0 || this.#webSocket.readyState !== WebSocket.OPEN) return
    this.#webSocket.ping()
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    // A paused stream would never read the other side's answer to the close.
    this.#webSocket.resume()
    if (this.#waitingBytes === 0) this.#webSocket.close(code, fitReason(reason))
    // Between two pieces of a batch nothing else may be written: who lags that far is cut off.
    else this.#webSocket.terminate()
  }

  terminate(): void {
    this.#webSocket.terminate()
  }

  #writeNextPiece(): void {
    const piece = this.#pieces.shift()
    if (piece === undefined) return
    this.#stream.write(piece, (error) => {
      if (error !== null && error !== undefined) return
      this.#waitingBytes -= piece.byteLength
      if (this.#pieces.length > 0) this.#writeNextPiece()
      else if (this.#drainAwaited) this.#onEmpty()
    })
  }

  #onEmpty(): void {
    if (!this.#drainAwaited || this.#state !== 'open') return
    if (!this.isDrained) {
      this.#drainAwaited = false
      this.awaitDrain()
      return
    }
    this.#drainAwaited = false
    this.#handlers?.onDrain()
  }
}

function fitReason(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason
  return Buffer.from(reason)
    .subarray(0, maxReasonBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
}
