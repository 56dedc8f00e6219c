import { MessageBatch } from '../../runtime/message-batch.js'
import type { MessageSocket, SocketHandlers } from '../../runtime/message-socket.js'

/** What stands between a server and one socket: everything goes through unless it is overridden. */
export class ForwardingSocket implements MessageSocket {
  protected readonly inner: MessageSocket
  protected handlers: SocketHandlers | undefined

  constructor(inner: MessageSocket) {
    this.inner = inner
  }

  /** A message of the client's, on its way to the server. */
  protected receive(message: Uint8Array): void {
    this.handlers?.onMessage(message)
  }

  protected ended(code: number, reason: string): void {
    this.handlers?.onClose(code, reason)
  }

  attach(handlers: SocketHandlers): void {
    this.handlers = handlers
    this.inner.attach({
      onMessage: (message) => this.receive(message),
      onTextMessage: () => handlers.onTextMessage(),
      onPong: () => handlers.onPong(),
      onDrain: () => handlers.onDrain(),
      onClose: (code, reason) => this.ended(code, reason),
    })
  }

  send(batch: MessageBatch): void {
    this.inner.send(batch)
  }

  /** Messages that the server never sent. */
  protected sendExtra(...messages: readonly Uint8Array[]): void {
    this.inner.send(new MessageBatch(messages))
  }

  get isDrained(): boolean {
    return this.inner.isDrained
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes
  }

  awaitDrain(): void {
    this.inner.awaitDrain()
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }

  ping(): void {
    this.inner.ping()
  }

  close(code: number, reason: string): void {
    this.inner.close(code, reason)
  }

  terminate(): void {
    this.inner.terminate()
  }
}
