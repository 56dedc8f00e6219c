import type { MessageBatch } from './message-batch.js'

/**
 * One transport of one connection: whole messages, in order, both ways. The server knows nothing
 * else of the network, so a WebSocket, an event stream and a simulated link are the same to it.
 */
export interface MessageSocket {
  /** Names who receives; called once, before anything is received. */
  attach(handlers: SocketHandlers): void
  /** Queues the batch. After `close` or once closed it does nothing. */
  send(batch: MessageBatch): void
  /** False while bytes that were sent still wait in this process for the network to take them. */
  readonly isDrained: boolean
  /** Bytes that wait in this process. */
  readonly bufferedBytes: number
  /** Asks for one `onDrain` once nothing waits any more; asking again before that is the same. */
  awaitDrain(): void
  /** Stops and restarts `onMessage`; what arrives meanwhile waits in the network. */
  pause(): void
  resume(): void
  /** Asks the other side for a sign of life that its application does not see; `onPong` follows. */
  ping(): void
  /** Starts an orderly close; `onClose` follows, also when the other side never answers. */
  close(code: number, reason: string): void
  /** Drops the transport at once; `onClose` follows. */
  terminate(): void
}

export interface SocketHandlers {
  /** A whole binary message; the receiver may keep it. */
  onMessage(message: Uint8Array): void
  /** A message of a kind that this protocol does not have. */
  onTextMessage(): void
  onPong(): void
  onDrain(): void
  /** Last call, exactly once. `code` is the WebSocket close code; 1006 is a lost transport. */
  onClose(code: number, reason: string): void
}
