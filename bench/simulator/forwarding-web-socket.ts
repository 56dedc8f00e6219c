import type { WebSocketLike } from './client-web-socket.js'

/** What stands between a client and one of its sockets: everything goes through unless overridden. */
export class ForwardingWebSocket implements WebSocketLike {
  onopen: WebSocketLike['onopen'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null
  readonly #inner: WebSocketLike
  #onmessage: WebSocketLike['onmessage'] = null

  constructor(inner: WebSocketLike) {
    this.#inner = inner
    inner.onopen = (event) => this.onopen?.(event)
    inner.onerror = (event) => this.onerror?.(event)
    inner.onclose = (event) => {
      this.closing()
      this.onclose?.(event)
    }
  }

  get readyState(): number {
    return this.#inner.readyState
  }

  get protocol(): string {
    return this.#inner.protocol
  }

  get binaryType(): string {
    return this.#inner.binaryType
  }

  set binaryType(type: string) {
    this.#inner.binaryType = type
  }

  get onmessage(): WebSocketLike['onmessage'] {
    return this.#onmessage
  }

  set onmessage(handler: WebSocketLike['onmessage']) {
    this.#onmessage = handler
    this.#inner.onmessage =
      handler &&
      ((event) => {
        if (event.data instanceof ArrayBuffer) this.received(new Uint8Array(event.data))
        handler(event)
      })
  }

  send(data: Uint8Array | ArrayBuffer | string): void {
    this.#inner.send(data)
    if (data instanceof Uint8Array) this.sent(data)
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason)
  }

  /** The client has sent a message. */
  protected sent(_message: Uint8Array): void {
    // For those who need it.
  }

  /** A message has come that the client is about to get. */
  protected received(_message: Uint8Array): void {
    // For those who need it.
  }

  /** It was closed from elsewhere, and the client is about to be told. */
  protected closing(): void {
    // For those who need it.
  }

  /** A message that the server never sent. */
  protected forge(message: Uint8Array): void {
    const data = Uint8Array.from(message).buffer
    this.#onmessage?.({ type: 'message', code: 0, reason: '', data })
  }
}
