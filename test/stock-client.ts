import { type RawData, WebSocket } from 'ws'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider as Provider31 } from 'y-websocket'
import { WebsocketProvider as Provider15 } from 'y-websocket-1.5'
import { WebsocketProvider as Provider21 } from 'y-websocket-2.1'
import { WebsocketProvider as Provider30 } from 'y-websocket-3.0'
import * as Y from 'yjs'
import { decodeServerMessage } from '../protocol/codec.js'
import type { ServerMessage } from '../protocol/message.js'
import { TextClient } from './text-client.js'

export const stockVersions = ['1.5.4', '2.1.0', '3.0.0', '3.1.0'] as const
export type StockVersion = (typeof stockVersions)[number]

/** What all versions have alike. */
interface Provider {
  readonly wsconnected: boolean
  readonly synced: boolean
  readonly shouldConnect: boolean
  wsLastMessageReceived: number
  readonly awareness: Awareness
  on(event: string, listener: (...args: never[]) => void): unknown
  connect(): void
  disconnect(): void
  destroy(): void
}

const providers = {
  '1.5.4': Provider15,
  '2.1.0': Provider21,
  '3.0.0': Provider30,
  '3.1.0': Provider31,
} as const

export interface StockClientOptions {
  /** @default '3.1.0' */
  readonly version?: StockVersion
  /** Goes on with a document that was used before. @default a new one */
  readonly doc?: Y.Doc
  /** The awareness state from before the first connection; null is none. @default null */
  readonly state?: Readonly<Record<string, unknown>> | null
  readonly params?: Record<string, string>
  /** @default true */
  readonly connect?: boolean
}

/** An unmodified y-websocket client with its document, over a socket that a test can look into. */
export class StockClient extends TextClient {
  readonly doc: Y.Doc
  readonly provider: Provider
  /** Every message of every connection, in order. */
  readonly received: ServerMessage[] = []
  /** Close codes of connections that the other side ended. */
  readonly closeCodes: number[] = []
  /** What `closed` of version 3.1 said: the provider has given up for good. */
  finalCode: number | undefined

  constructor(serverUrl: string, name: string, options: StockClientOptions = {}) {
    super()
    const { version = '3.1.0', doc = new Y.Doc(), state = null, params = {} } = options
    this.doc = doc
    const providerOptions = { connect: false, disableBc: true, params }
    // The type of ws lacks dispatchEvent, which no provider calls.
    Object.assign(providerOptions, { WebSocketPolyfill: this.#socketClass() })
    this.provider = new providers[version](serverUrl, name, doc, providerOptions)
    this.provider.awareness.setLocalState(state)
    this.#listen()
    if (options.connect !== false) this.provider.connect()
  }

  get isOnline(): boolean {
    return this.provider.wsconnected && this.provider.synced
  }

  /** The states of all others, by clientID. */
  get others(): ReadonlyMap<number, unknown> {
    const states = new Map<number, unknown>(this.provider.awareness.getStates())
    states.delete(this.doc.clientID)
    return states
  }

  setState(state: Readonly<Record<string, unknown>> | null): this {
    this.provider.awareness.setLocalState(state)
    return this
  }

  async online(): Promise<this> {
    await this.until('the client is synced', () => this.isOnline)
    return this
  }

  /** Waits until the provider was told to stop for good; version 3.1 only. */
  async gaveUp(): Promise<void> {
    await this.until('the client has given up', () => this.finalCode !== undefined)
  }

  /** Waits until this client sees another in exactly this state. */
  async sees(other: StockClient, state: unknown): Promise<void> {
    const wanted = JSON.stringify(state)
    const { clientID } = other.doc
    await this.until(
      `client ${clientID} is seen as ${wanted}`,
      () => JSON.stringify(this.others.get(clientID)) === wanted,
    )
  }

  destroy(): void {
    this.provider.destroy()
    this.provider.awareness.destroy()
    this.doc.destroy()
  }

  #listen(): void {
    const { announce } = this
    this.doc.on('update', announce)
    this.provider.awareness.on('change', announce)
    this.provider.on('sync', announce)
    this.provider.on('status', announce)
    this.provider.on('connection-close', (event: { readonly code: number } | null) => {
      if (event !== null) this.closeCodes.push(event.code)
      announce()
    })
    this.provider.on('closed', ({ code }: { readonly code: number }) => {
      this.finalCode = code
      announce()
    })
  }

  #socketClass(): object {
    const { received } = this
    const { announce } = this
    return class extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols)
        this.on('message', (data: RawData) => {
          if (!(data instanceof ArrayBuffer))
            throw new TypeError('y-websocket asks for ArrayBuffers')
          received.push(decodeServerMessage(new Uint8Array(data.slice(0))))
          announce()
        })
      }
    }
  }
}
