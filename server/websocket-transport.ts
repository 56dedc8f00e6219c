import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { errorCatalogue } from '../protocol/errors.js'
import type { MessageBatch } from '../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../runtime/message-socket.js'
import { PieceWriter, pieceBytes } from './piece-writer.js'
import { webSocketFrames, webSocketPieces } from './websocket-frames.js'

/** RFC 6455 leaves 123 bytes for the reason of a close. */
const maxReasonBytes = 123
const messageTooBig = 1009

/** A close by ws itself, which knows nothing of what is written beside it. */
export class CairnWebSocket extends WebSocket {
  /** Whether a control frame would stand between two messages, and not within one. */
  isBetweenWrites = (): boolean => true

  /**
   * ws closes a message above `maxPayload` with 1009, after which a Yjs client sends the same update
   * for ever. Here it leaves with a code that clients take as final. Within a message nothing else
   * may be written: who has read so little is cut off.
   */
  override close(code?: number, data?: string | Buffer): void {
    if (!this.isBetweenWrites()) this.terminate()
    else super.close(code === messageTooBig ? errorCatalogue.TOO_LARGE.closeCode : code, data)
  }
}

/**
 * A WebSocket as a `MessageSocket`. Control frames and what is received go through ws; batches are
 * framed once for all connections and written to the stream below it. That is sound while ws itself
 * queues nothing, which holds without compression, and while no control frame is sent between two
 * pieces of a large batch: `ping` and `close` see to that, and pongs are sent from here.
 */
export class WebSocketTransport implements MessageSocket {
  readonly #webSocket: CairnWebSocket
  readonly #writer: PieceWriter
  #state: 'open' | 'closing' | 'closed' = 'open'
  #handlers: SocketHandlers | undefined
  #isDrainAwaited = false
  /** What the last ping said that was not answered yet: answering that is enough (RFC 6455, 5.5.3). */
  #owedPong: Buffer | undefined

  constructor(webSocket: CairnWebSocket, stream: Duplex) {
    this.#webSocket = webSocket
    this.#writer = new PieceWriter(stream, () => this.#onDrain())
    webSocket.isBetweenWrites = () => this.#writer.isBetweenWrites
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
    this.#webSocket.on('message', (data, isBinary) => {
      if (!isBinary) handlers.onTextMessage()
      else if (data instanceof Uint8Array) handlers.onMessage(data)
    })
    this.#webSocket.on('ping', (data) => this.#onPing(data))
    this.#webSocket.on('pong', () => handlers.onPong())
    // The close that follows says all that is needed; without a listener an error ends the process.
    this.#webSocket.on('error', () => undefined)
    this.#webSocket.on('close', (code, reason) => {
      this.#state = 'closed'
      this.#writer.stop()
      handlers.onClose(code, reason.toString())
    })
  }

  send(batch: MessageBatch): void {
    if (this.#state !== 'open' || this.#webSocket.readyState !== WebSocket.OPEN) return
    if (batch.byteLength <= pieceBytes) this.#writer.write(batch.encodedBy(webSocketFrames))
    else this.#writer.writePieces(webSocketPieces(batch.messages, pieceBytes))
  }

  get isDrained(): boolean {
    return this.#writer.bufferedBytes === 0
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  awaitDrain(): void {
    this.#isDrainAwaited = true
    this.#writer.awaitDrain()
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  ping(): void {
    if (!this.#writer.isBetweenWrites || this.#webSocket.readyState !== WebSocket.OPEN) return
    this.#webSocket.ping()
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    // A paused stream would never read the other side's answer to the close.
    this.#webSocket.resume()
    // The other side closed its half and does not take what it is owed: ws would wait for it for ever.
    if (this.#webSocket.readyState === WebSocket.CLOSING) this.#webSocket.terminate()
    else this.#webSocket.close(code, fitReason(reason))
  }

  terminate(): void {
    this.#webSocket.terminate()
  }

  /** However many pings come while the other side does not read, one pong waits for it. */
  #onPing(data: Buffer): void {
    // A copy: the bytes lie in a buffer of the network's.
    this.#owedPong = Buffer.from(data)
    if (this.isDrained) this.#payPong()
    else this.#writer.awaitDrain()
  }

  #payPong(): void {
    const data = this.#owedPong
    this.#owedPong = undefined
    if (data !== undefined && this.#webSocket.readyState === WebSocket.OPEN) {
      this.#webSocket.pong(data)
    }
  }

  #onDrain(): void {
    if (this.#state !== 'open') return
    this.#payPong()
    if (!this.#isDrainAwaited) return
    this.#isDrainAwaited = false
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
