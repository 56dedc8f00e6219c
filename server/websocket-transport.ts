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
  readonly #writer: PieceWriter
  #state: 'open' | 'closing' | 'closed' = 'open'
  #handlers: SocketHandlers | undefined

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket
    this.#writer = new PieceWriter(stream, () => {
      if (this.#state === 'open') this.#handlers?.onDrain()
    })
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
    if (this.#writer.isBetweenWrites) this.#webSocket.close(code, fitReason(reason))
    // Between two pieces of a batch nothing else may be written: who lags that far is cut off.
    else this.#webSocket.terminate()
  }

  terminate(): void {
    this.#webSocket.terminate()
  }
}

function fitReason(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason
  return Buffer.from(reason)
    .subarray(0, maxReasonBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
}
