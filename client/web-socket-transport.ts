import { extensionProtocol } from '../protocol/message.js'
import { encodeBase64Url } from './base64.js'
import { documentUrl } from './document-url.js'
import type { OpenTransport, Transport, TransportHandlers } from './transport.js'
import type { WebSocketConstructor, WebSocketLike } from './web-globals.js'

const OPEN = 1
/** The close code where nobody gave one. */
const lost = 1006

export interface WebSocketTransportOptions {
  readonly WebSocketClass: WebSocketConstructor
  /** Subprotocols of the application, offered before Cairn's. */
  readonly protocols: readonly string[]
  /** Whether to ask for `cairn.v1`. */
  readonly extension: boolean
  /** The query parameter that carries the token in place of a subprotocol. */
  readonly tokenParam: string | undefined
}

/** The WebSocket of a transport, for those who look below. */
export function webSocketOf(transport: Transport): WebSocketLike | null {
  return transport instanceof WebSocketTransport ? transport.webSocket : null
}

/** Opens WebSockets, with the address and subprotocols of docs/PROTOCOL.md. */
export function webSocketTransport(options: WebSocketTransportOptions): OpenTransport {
  return (request, handlers) => {
    const { extension, protocols, tokenParam, WebSocketClass } = options
    const { serverUrl, documentName, params, token } = request
    const offered = [...protocols]
    if (extension) offered.push(extensionProtocol)
    const query = { ...params }
    if (token !== undefined && (tokenParam !== undefined || !extension)) {
      query[tokenParam ?? 'token'] = token
    } else if (token !== undefined) {
      offered.push(`cairn.token.${encodeBase64Url(new TextEncoder().encode(token))}`)
    }
    const url = documentUrl(serverUrl, documentName, query)
    return new WebSocketTransport(new WebSocketClass(url, offered), handlers)
  }
}

class WebSocketTransport implements Transport {
  readonly kind = 'websocket'
  readonly webSocket: WebSocketLike

  constructor(webSocket: WebSocketLike, handlers: TransportHandlers) {
    this.webSocket = webSocket
    webSocket.binaryType = 'arraybuffer'
    webSocket.onopen = () => handlers.onOpen(webSocket.protocol !== '')
    webSocket.onmessage = ({ data }) => {
      const message = bytesOf(data)
      if (message !== undefined) handlers.onMessage(message)
    }
    webSocket.onerror = (event) => handlers.onError(event)
    webSocket.onclose = (event) => {
      this.#detach()
      handlers.onClose({ code: event.code ?? lost, reason: event.reason ?? '', event })
    }
  }

  send(message: Uint8Array): void {
    if (this.webSocket.readyState === OPEN) this.webSocket.send(ownBytes(message))
  }

  close(code: number): void {
    this.#detach()
    this.webSocket.close(code)
  }

  #detach(): void {
    this.webSocket.onopen = null
    this.webSocket.onmessage = null
    this.webSocket.onclose = null
    // Closing a socket that still connects is an error event, and Node throws one that nobody takes.
    this.webSocket.onerror = () => undefined
  }
}

/**
 * What came as bytes, whoever made it: jsdom, an iframe or a polyfill has an ArrayBuffer of its own, or
 * gives views. Undefined for text, which is no message of this protocol; servers have been seen to
 * send some.
 */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (isArrayBuffer(data)) return new Uint8Array(data)
  if (!ArrayBuffer.isView(data)) return undefined
  // Its owner may fill the memory anew, as Node does with what it lends.
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
}

function isArrayBuffer(data: unknown): data is ArrayBuffer {
  return Object.prototype.toString.call(data) === '[object ArrayBuffer]'
}

/** Browsers do not send from shared memory, so their types ask for bytes that are not in any. */
function ownBytes(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = message
  if (!(buffer instanceof ArrayBuffer)) return Uint8Array.from(message)
  return new Uint8Array(buffer, message.byteOffset, message.byteLength)
}
