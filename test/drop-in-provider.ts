import { WebSocket } from 'ws'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { CairnProvider } from '../client/cairn-provider.js'
import { TextClient } from './text-client.js'

interface Close {
  readonly code: number
  readonly reason: string
}

/** What y-websocket's own provider documents, and both must have. */
export interface DropInProvider {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly serverUrl: string
  readonly roomname: string
  readonly url: string
  params: Record<string, string>
  readonly protocols: string[]
  readonly wsconnected: boolean
  readonly wsconnecting: boolean
  readonly wsUnsuccessfulReconnects: number
  readonly ws: object | null
  readonly bcconnected: boolean
  readonly bcChannel: string
  readonly synced: boolean
  readonly shouldConnect: boolean
  on(event: string, listener: (...args: never[]) => void): unknown
  connect(): void
  disconnect(): void
  connectBc(): void
  disconnectBc(): void
  destroy(): void
}

export interface DropInOptions {
  readonly connect?: boolean
  readonly awareness?: Awareness
  readonly params?: Record<string, string>
  readonly protocols?: string[]
  readonly resyncInterval?: number
  /** @default 200 */
  readonly maxBackoffTime?: number
  /** @default true */
  readonly disableBc?: boolean
  readonly shouldReconnect?: (event: Close) => boolean
}

export const dropInKinds = ['y-websocket 3.1.0', 'CairnProvider'] as const
export type DropInKind = (typeof dropInKinds)[number]

/** A provider of either kind with its document, and what it has told. */
export class DropInClient extends TextClient {
  readonly kind: DropInKind
  readonly doc: Y.Doc
  readonly provider: DropInProvider
  readonly statuses: string[] = []
  readonly syncs: boolean[] = []
  /** What `connection-close` came with. */
  readonly closes: (Close | null)[] = []
  readonly errors: unknown[] = []
  readonly finals: Close[] = []

  constructor(kind: DropInKind, serverUrl: string, name: string, options: DropInOptions = {}) {
    super()
    this.kind = kind
    this.doc = options.awareness?.doc ?? new Y.Doc()
    const all = { maxBackoffTime: 200, disableBc: true, ...options, connect: false }
    // The type of ws lacks dispatchEvent, which no provider calls.
    Object.assign(all, { WebSocketPolyfill: WebSocket })
    this.provider = create(kind, serverUrl, name, this.doc, all)
    this.#listen()
    if (options.connect !== false) this.provider.connect()
  }

  destroy(): void {
    this.provider.destroy()
    this.doc.destroy()
  }

  #listen(): void {
    const { announce, provider } = this
    this.doc.on('update', announce)
    provider.awareness.on('change', announce)
    provider.on('status', ({ status }: { readonly status: string }) => {
      this.statuses.push(status)
      announce()
    })
    provider.on('sync', (isSynced: boolean) => {
      this.syncs.push(isSynced)
      announce()
    })
    provider.on('connection-close', (close: Close | null) => {
      this.closes.push(close)
      announce()
    })
    provider.on('connection-error', (error: unknown) => {
      this.errors.push(error)
      announce()
    })
    provider.on('closed', (close: Close) => {
      this.finals.push(close)
      announce()
    })
  }
}

function create(
  kind: DropInKind,
  serverUrl: string,
  name: string,
  doc: Y.Doc,
  options: DropInOptions,
): DropInProvider {
  return kind === 'CairnProvider'
    ? new CairnProvider(serverUrl, name, doc, { fallback: false, ...options })
    : new WebsocketProvider(serverUrl, name, doc, options)
}
