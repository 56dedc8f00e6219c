import type { Endpoint } from './endpoint.js'
import type { Link } from './link.js'
import type { SimulatedNetwork } from './simulated-network.js'

interface SocketEvent {
  readonly type: string
  readonly code: number
  readonly reason: string
  readonly data: unknown
}

/** The part of `WebSocket` that clients use. */
export interface WebSocketLike {
  readonly readyState: number
  /** The subprotocol that the server selected; empty before, and where it selected none. */
  readonly protocol: string
  binaryType: string
  onopen: ((event: SocketEvent) => void) | null
  onmessage: ((event: SocketEvent) => void) | null
  onclose: ((event: SocketEvent) => void) | null
  onerror: ((event: SocketEvent) => void) | null
  send(data: Uint8Array | ArrayBuffer | string): void
  close(code?: number, reason?: string): void
}

/** Sees what passes through one client's sockets, for checkers. */
export interface SocketObserver {
  onOpen?(endpoint: Endpoint): void
  onSend?(message: Uint8Array): void
  /** The client has handled the message. */
  onReceived?(message: Uint8Array): void
  onClosed?(code: number): void
}

export type WebSocketConstructor = new (
  url: string,
  protocols?: string | readonly string[],
) => WebSocketLike

/** The WebSockets of one client, over its link. */
export function createWebSocketClass(
  network: SimulatedNetwork,
  link: Link,
  observe: () => SocketObserver,
): WebSocketConstructor {
  return class SimulatedWebSocket implements WebSocketLike {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    readonly CONNECTING = 0
    readonly OPEN = 1
    readonly CLOSING = 2
    readonly CLOSED = 3
    binaryType = 'blob'
    protocol = ''
    onopen: WebSocketLike['onopen'] = null
    onmessage: WebSocketLike['onmessage'] = null
    onclose: WebSocketLike['onclose'] = null
    onerror: WebSocketLike['onerror'] = null
    #readyState = 0
    #endpoint: Endpoint | undefined
    #disconnected: () => void = () => undefined
    readonly #observer = observe()
    readonly #giveUp: () => void

    constructor(url: string, protocols: string | readonly string[] = []) {
      const { pathname, search } = new URL(url)
      const request = {
        url: pathname + search,
        protocols: typeof protocols === 'string' ? [protocols] : protocols,
      }
      this.#giveUp = network.connect(link, request, {
        onOpen: (endpoint, protocol) => {
          this.protocol = protocol
          this.#open(endpoint)
        },
        onRefused: () => this.#fail(),
      })
    }

    get readyState(): number {
      return this.#readyState
    }

    send(data: Uint8Array | ArrayBuffer | string): void {
      if (this.#readyState !== 1) return
      if (typeof data === 'string') {
        this.#endpoint?.send(data)
        return
      }
      const message = data instanceof Uint8Array ? data : new Uint8Array(data)
      this.#observer.onSend?.(message)
      this.#endpoint?.send(message)
    }

    close(code = 1005, reason = ''): void {
      if (this.#readyState === 0) {
        this.#giveUp()
        this.#fail()
      } else if (this.#readyState === 1) {
        this.#readyState = 2
        this.#endpoint?.close(code, reason)
      }
    }

    #open(endpoint: Endpoint): void {
      this.#endpoint = endpoint
      this.#readyState = 1
      this.#disconnected = link.history.begin('up', 'connected')
      this.#observer.onOpen?.(endpoint)
      this.onopen?.(event('open'))
      endpoint.attach({
        onMessage: (message) => {
          // Whoever has let go of the socket hears nothing of it any more.
          if (this.onmessage === null) return
          if (typeof message === 'string') {
            this.onmessage({ ...event('message'), data: message })
            return
          }
          // A copy of its own, as a browser gives: what a client keeps must not be shared.
          const data = Uint8Array.from(message).buffer
          this.onmessage({ ...event('message'), data })
          this.#observer.onReceived?.(message)
        },
        onDrain: () => undefined,
        onClose: (code, reason) => {
          if (this.#readyState === 3) return
          this.#readyState = 3
          this.#disconnected()
          this.#observer.onClosed?.(code)
          this.onclose?.({ ...event('close'), code, reason })
        },
      })
    }

    #fail(): void {
      if (this.#readyState === 3) return
      this.#readyState = 3
      this.onerror?.(event('error'))
      this.#observer.onClosed?.(1006)
      this.onclose?.({ ...event('close'), code: 1006 })
    }
  }
}

function event(type: string): SocketEvent {
  return { type, code: 0, reason: '', data: undefined }
}
