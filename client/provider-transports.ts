import type { ResolvedProviderOptions } from './provider-options.js'
import type { TokenSource } from './token-source.js'
import type { OpenTransport, TransportRequest } from './transport.js'
import { TransportChoice } from './transport-choice.js'
import { webSocketTransport } from './web-socket-transport.js'

/** What an attempt looks at anew each time, since the application may have changed it. */
interface Target {
  readonly serverUrl: string
  readonly roomname: string
  readonly params: Readonly<Record<string, string>>
  readonly protocols: readonly string[]
}

/** The ways to the server that the options allow. */
export function createTransports(
  target: Target,
  options: ResolvedProviderOptions,
  tokens: TokenSource,
): TransportChoice {
  const { environment, extension, fallback, tokenParam, WebSocketClass } = options
  const webSocket: OpenTransport | undefined =
    WebSocketClass &&
    ((request, handlers) => {
      const { protocols } = target
      const open = webSocketTransport({ WebSocketClass, protocols, extension, tokenParam })
      return open(request, handlers)
    })
  const request = (): TransportRequest => ({
    serverUrl: target.serverUrl,
    documentName: target.roomname,
    params: target.params,
    token: tokens.current,
    environment,
  })
  const loadFallback = loaderOf(fallback)
  return new TransportChoice({ environment, webSocket, request, loadFallback })
}

/** The fallback is a file of its own, so that an application loads it only where it is needed. */
function loaderOf(fallback: boolean | OpenTransport): (() => Promise<OpenTransport>) | undefined {
  if (fallback === false) return undefined
  if (typeof fallback === 'function') return async () => fallback
  return async () => {
    const { eventStreamTransport } = await import('./event-stream-transport.js')
    return eventStreamTransport()
  }
}
