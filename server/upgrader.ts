import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Server, type ServerOptions, WebSocketServer } from 'ws'
import { closeReason } from '../protocol/close-reason.js'
import { parseDocumentName } from '../protocol/document-name.js'
import { CairnError, toCairnError } from '../protocol/errors.js'
import { extensionProtocol, tokenProtocolPrefix } from '../protocol/message.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import type { ResolvedOptions } from './options.js'
import type { ConnectionRequest } from './principal.js'
import { requestToken } from './request-token.js'
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
  readonly #webSockets: Server<typeof CairnWebSocket>

  constructor(options: ResolvedOptions, accept: Accept) {
    this.#options = options
    this.#accept = accept
    const { updateBytes } = options.limits
    // The type declarations of ws do not know closeTimeout yet.
    const webSocketOptions: ServerOptions<typeof CairnWebSocket> & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // ws would answer a ping within a message that is being written; the transport answers it after.
      autoPong: false,
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
      const connectionRequest = this.#connectionRequest(url, request)
      if (connectionRequest instanceof CairnError) {
        transport.attach(ignoreEverything)
        transport.close(connectionRequest.closeCode, closeReason(connectionRequest))
      } else {
        this.#accept(transport, connectionRequest, webSocket.protocol === extensionProtocol)
      }
    })
    return true
  }

  #connectionRequest(
    url: string,
    { headers, socket }: IncomingMessage,
  ): ConnectionRequest | CairnError {
    const { path: prefix, decodeNames: decode } = this.#options
    try {
      return {
        documentName: parseDocumentName(url, { prefix, decode }),
        url,
        headers,
        remoteAddress: socket.remoteAddress,
        token: requestToken({ url, headers }),
      }
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
  for (const protocol of protocols) if (!protocol.startsWith(tokenProtocolPrefix)) return protocol
  return false
}
