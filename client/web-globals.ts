/** What the client uses of a browser, all of it optional: Node and workers have only some. */
export interface WebGlobals {
  readonly WebSocket?: WebSocketConstructor
  readonly BroadcastChannel?: BroadcastChannelConstructor
  readonly navigator?: { readonly onLine?: boolean }
  readonly document?: EventSourceLike & { readonly visibilityState?: string }
  readonly sessionStorage?: {
    getItem(key: string): string | null
    setItem(key: string, value: string): void
  }
  readonly addEventListener?: EventSourceLike['addEventListener']
  readonly removeEventListener?: EventSourceLike['removeEventListener']
  readonly reportError?: (error: unknown) => void
}

export interface EventSourceLike {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** A method type lets a handler ask for less than a browser's type gives. */
type Handler<Event> = { handle(event: Event): void }['handle'] | null

/** The part of `WebSocket` that the client uses. */
export interface WebSocketLike {
  readonly readyState: number
  readonly protocol?: string
  binaryType: string
  onopen: Handler<unknown>
  onmessage: Handler<{ readonly data: unknown }>
  onclose: Handler<{ readonly code: number; readonly reason: string }>
  onerror: Handler<unknown>
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike

/** The part of `BroadcastChannel` that the client uses. */
export interface BroadcastChannelLike {
  onmessage: Handler<{ readonly data: unknown }>
  postMessage(message: unknown): void
  close(): void
  /** Of Node alone: a channel must not keep a process alive. */
  unref?(): unknown
}

export type BroadcastChannelConstructor = new (name: string) => BroadcastChannelLike

/** The globals of wherever this runs. */
export const webGlobals: WebGlobals = globalThis
