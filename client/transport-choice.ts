import type { Environment } from '../runtime/environment.js'
import { ProviderError } from './provider-error.js'
import type { OpenTransport, Transport, TransportHandlers, TransportRequest } from './transport.js'

/** After so many WebSockets in a row without a message the next attempt goes another way. */
const failuresBeforeFallback = 3

/** How long the fallback may take to load, which may hang like all else where the network is gone. */
const loadMs = 15_000

export interface TransportChoiceOptions {
  readonly environment: Environment
  /** Undefined where there is no WebSocket at all. */
  readonly webSocket: OpenTransport | undefined
  /** Gets the other way; undefined where there is none. Called when it is first needed. */
  readonly loadFallback: (() => Promise<OpenTransport>) | undefined
  request(): TransportRequest
}

/**
 * Which way the next attempt goes: a WebSocket, or the fallback where those do not come through.
 * When the fallback fails too the turn goes back to the WebSocket: then the server is down.
 */
export class TransportChoice {
  readonly #options: TransportChoiceOptions
  #fallback: OpenTransport | undefined
  #failures = 0
  #isFallbackNext = false

  constructor(options: TransportChoiceOptions) {
    this.#options = options
    this.#isFallbackNext = options.webSocket === undefined
  }

  /**
   * Resolves once the way that is next can be gone; undefined where it can be at once. Rejects where the
   * fallback cannot be loaded (its file may be gone since the page was); then it is a WebSocket's turn.
   */
  ready(): Promise<void> | undefined {
    const { loadFallback, webSocket } = this.#options
    if (!this.#isFallbackNext || this.#fallback !== undefined) return undefined
    if (loadFallback === undefined) return undefined
    return this.#load(loadFallback).catch((error: unknown) => {
      if (webSocket !== undefined) this.#backToWebSocket()
      throw error
    })
  }

  /** Opens the next transport. @throws where it cannot even be tried */
  open(handlers: TransportHandlers): Transport {
    const { webSocket, request } = this.#options
    const way = this.#isFallbackNext ? this.#fallback : webSocket
    if (way === undefined) {
      throw new ProviderError(
        'CLOSED',
        'there is no WebSocket here, nor a fallback: pass WebSocketPolyfill',
      )
    }
    return way(request(), handlers)
  }

  /** Opens a WebSocket whatever is next. */
  openWebSocket(handlers: TransportHandlers): Transport | undefined {
    return this.#options.webSocket?.(this.#options.request(), handlers)
  }

  /** A message came: this way goes through. */
  heard(): void {
    if (!this.#isFallbackNext) this.#failures = 0
  }

  /** Everything has arrived on the present way, and it stays. */
  synced(): void {
    this.#failures = 0
  }

  /** A WebSocket goes through after all. */
  wentUp(): void {
    this.#backToWebSocket()
  }

  /** An attempt ended. @param isUnheard whether it was before its first message */
  failed(isUnheard: boolean): void {
    const { loadFallback, webSocket } = this.#options
    if (webSocket === undefined || loadFallback === undefined) return
    if (this.#isFallbackNext) {
      this.#backToWebSocket()
      return
    }
    if (!isUnheard) return
    this.#failures++
    this.#isFallbackNext = this.#failures >= failuresBeforeFallback
  }

  /** One that comes too late is there for the next time. */
  #load(loadFallback: () => Promise<OpenTransport>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.environment.setTimer(() => {
        reject(new ProviderError('CLOSED', `the fallback was not loaded in ${loadMs} ms`))
      }, loadMs)
      loadFallback()
        .then((fallback) => {
          this.#fallback = fallback
          resolve()
        }, reject)
        .finally(() => timer.cancel())
    })
  }

  #backToWebSocket(): void {
    this.#isFallbackNext = false
    this.#failures = 0
  }
}
