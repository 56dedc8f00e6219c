import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ServerOptions, WebSocketServer } from 'ws'
import { closeReason } from '../protocol/close-reason.js'
import { parseDocumentName } from '../protocol/document-name.js'
import { toCairnError } from '../protocol/errors.js'
import { extensionProtocol } from '../protocol/message.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { ResolvedOptions } from './options.js'
import type { ConnectionRequest } from './principal.js'
import { CairnWebSocket, WebSocketTransport } from './websocket-transport.js'

/** Room for the message around an update of the greatest size. */
const envelopeBytes = 1_024
/** How long the other side may take to answer a close. */
const closeTimeoutMs = 5_000

type Accept = (socket: MessageSocket, request: ConnectionRequest, isExtended: boolean) => void

/**
 * From an HTTP upgrade to a connection. An address that names no document is accepted and then
 * closed with its code, since browsers are not told why an upgrade was refused.
 */
export class Upgrader {
  readonly #options: ResolvedOptions
  readonly #accept: Accept
  readonly #webSockets: WebSocketServer

  constructor(options: ResolvedOptions, accept: Accept) {
    this.#options = options
    this.#accept = accept
    const { updateBytes } = options.limits
    // The type declarations of ws do not know closeTimeout yet.
    const webSocketOptions: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: updateBytes === 0 ? 0 : updateBytes + envelopeBytes,
      closeTimeout: closeTimeoutMs,
      WebSocket: CairnWebSocket,
      handleProtocols: (protocols) =>
        protocols.has(extensionProtocol) ? extensionProtocol : firstOf(protocols),
    }
    this.#webSockets = new WebSocketServer(webSocketOptions)
  }

  handle(request: IncomingMessage, stream: Duplex, head: Buffer): boolean {
    const url = request.url ?? '/'
    if (!url.startsWith(this.#options.path)) return false
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      const transport = new WebSocketTransport(webSocket, stream)
      const name = this.#documentName(url)
      if (typeof name !== 'string') {
        transport.attach(ignoreEverything)
        transport.close(name.closeCode, closeReason(name))
        return
      }
      const { headers, socket } = request
      const connectionRequest = {
        documentName: name,
        url,
        headers,
        remoteAddress: socket.remoteAddress,
      }
      this.#accept(transport, connectionRequest, webSocket.protocol === extensionProtocol)
    })
    return true
  }

  #documentName(url: string) {
    const { path: prefix, decodeNames: decode } = this.#options
    try {
      return parseDocumentName(url, { prefix, decode })
    } catch (error) {
      return toCairnError(error)
    }
  }
}

const ignoreEverything = {
  onMessage: () => undefined,
  onTextMessage: () => undefined,
  onPong: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
}

function firstOf(protocols: ReadonlySet<string>): string | false {
  for (const protocol of protocols) return protocol
  return false
}
