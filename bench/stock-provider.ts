import { WebSocket } from 'ws'
import type { WebsocketProvider } from 'y-websocket'
import type * as Y from 'yjs'
import type { AuthorLink } from './trace-replay.js'

export type StockProvider = typeof WebsocketProvider

/**
 * The provider that most Yjs applications use. It is not part of this package, since only the bench
 * needs it.
 * @throws Error saying what to install
 */
export async function loadStockProvider(): Promise<StockProvider> {
  try {
    const module = await import('y-websocket')
    return module.WebsocketProvider
  } catch (error) {
    throw new Error('the bench needs the stock client: npm install y-websocket', { cause: error })
  }
}

/** A document bound to a server by an unmodified y-websocket provider, with its own defaults. */
export class StockLink implements AuthorLink {
  readonly provider: WebsocketProvider

  /**
   * Without its BroadcastChannel, through which clients of one process would pass by the server.
   */
  constructor(
    Provider: StockProvider,
    serverUrl: string,
    name: string,
    doc: Y.Doc,
    { connect = true }: { readonly connect?: boolean } = {},
  ) {
    const options = { connect, disableBc: true }
    // Node 20 has no WebSocket. That of ws can all that a provider asks of it, though its type, which
    // lacks dispatchEvent, does not fit.
    Object.assign(options, { WebSocketPolyfill: WebSocket })
    // Each provider listens for the end of the process; many of them are no leak.
    process.setMaxListeners(process.getMaxListeners() + 1)
    this.provider = new Provider(serverUrl, name, doc, options)
  }

  /** Connected, and the server's state has been received since. */
  get isOnline(): boolean {
    return this.provider.wsconnected && this.provider.synced
  }

  onChange(listener: () => void): () => void {
    this.provider.on('sync', listener)
    this.provider.on('status', listener)
    return () => {
      this.provider.off('sync', listener)
      this.provider.off('status', listener)
    }
  }

  close(): void {
    process.setMaxListeners(process.getMaxListeners() - 1)
    this.provider.destroy()
    this.provider.awareness.destroy()
  }
}
