import type { Awareness } from 'y-protocols/awareness'
import type { Environment } from '../runtime/environment.js'
import { webEnvironment } from '../runtime/web-environment.js'
import type { Token } from './token-source.js'
import type { OpenTransport } from './transport.js'
import {
  type BroadcastChannelConstructor,
  type WebGlobals,
  type WebSocketConstructor,
  webGlobals,
} from './web-globals.js'

/** What `shouldReconnect` is asked about. */
export interface CloseLike {
  readonly code: number
  readonly reason: string
}

/** The options of y-websocket's `WebsocketProvider`, and those of Cairn below them. */
export interface ProviderOptions<Provider = unknown> {
  /** Whether to connect at once. @default true */
  readonly connect?: boolean
  /** @default a new one for the Y.Doc */
  readonly awareness?: Awareness
  /** Query parameters of the address; `provider.params` may be changed later. @default {} */
  readonly params?: Record<string, string>
  /** Subprotocols of the application, offered before Cairn's. @default [] */
  readonly protocols?: string[]
  /** @default the global one; Node has one from 22 on */
  readonly WebSocketPolyfill?: WebSocketConstructor
  /** Compares everything with the server so often, in milliseconds; -1 never does. @default -1 */
  readonly resyncInterval?: number
  /** The longest wait between two attempts, in milliseconds. @default 30,000 */
  readonly maxBackoffTime?: number
  /** Whether the tabs of this browser are left alone. @default false */
  readonly disableBc?: boolean
  /** Whether to come back after a close. @default after all codes but 4400 to 4499 */
  readonly shouldReconnect?: (event: CloseLike, provider: Provider) => boolean

  /**
   * Who the user is: the token itself, or a function that gets one, called anew for each attempt and
   * before one runs out. It travels as a WebSocket subprotocol, which stays out of logs of addresses.
   */
  readonly token?: Token
  /** Sends the token as this query parameter instead, for servers that look for it there. */
  readonly tokenParam?: string
  /**
   * Keeps the document in this browser's IndexedDB, so that edits survive a reload while offline.
   * Needs the package `y-indexeddb`. A string names the database. @default false
   */
  readonly persist?: boolean | string
  /**
   * What to do where no WebSocket comes through: true goes over HTTP, false waits. A transport of
   * one's own may be given. @default true
   */
  readonly fallback?: boolean | OpenTransport
  /**
   * Which tabs of this browser belong together, besides having the same address. By default those of
   * the same principal and access, as the server says.
   */
  readonly tabScope?: string
  /**
   * Whether to ask for `cairn.v1`. False for servers that refuse an unknown subprotocol; nothing is
   * known to be saved then. @default true
   */
  readonly extension?: boolean
  /** Clock, timers and randomness. @internal */
  readonly environment?: Environment
  /** Where the events of the page come from. @internal */
  readonly page?: WebGlobals
  /** The channel between tabs. @internal */
  readonly BroadcastChannelPolyfill?: BroadcastChannelConstructor
  /** How this tab is known to the server; the same after a reload. @internal */
  readonly tab?: string
}

export interface ResolvedProviderOptions {
  readonly WebSocketClass: WebSocketConstructor | undefined
  readonly BroadcastChannelClass: BroadcastChannelConstructor | undefined
  readonly maxBackoffMs: number
  readonly resyncMs: number
  readonly token: Token | undefined
  readonly tokenParam: string | undefined
  readonly persist: boolean | string
  readonly fallback: boolean | OpenTransport
  readonly tabScope: string | undefined
  readonly extension: boolean
  readonly environment: Environment
  readonly page: WebGlobals
}

export function resolveProviderOptions<Provider>(
  options: ProviderOptions<Provider>,
): ResolvedProviderOptions {
  return {
    WebSocketClass: options.WebSocketPolyfill ?? webGlobals.WebSocket,
    BroadcastChannelClass: options.BroadcastChannelPolyfill ?? webGlobals.BroadcastChannel,
    maxBackoffMs: options.maxBackoffTime ?? 30_000,
    resyncMs: options.resyncInterval ?? -1,
    token: options.token,
    tokenParam: options.tokenParam,
    persist: options.persist ?? false,
    fallback: options.fallback ?? true,
    tabScope: options.tabScope,
    extension: options.extension ?? true,
    environment: options.environment ?? webEnvironment,
    page: options.page ?? webGlobals,
  }
}

/** The convention of y-websocket 3.1: 4400 to 4499 are final. */
export function isFinalClose({ code }: CloseLike): boolean {
  return code >= 4400 && code < 4500
}
