/** The client: a provider for Yjs that knows what is saved. */

export { CairnProvider } from './cairn-provider.js'
export type { ConnectionStateName, ConnectionStatus } from './connection-status.js'
export { type ThrottledCursor, throttledCursor } from './cursor-throttle.js'
export type { MessageHandler } from './message-handlers.js'
export { type LocalErrorCode, ProviderError } from './provider-error.js'
export type { ProviderEvents, ReceivedSignal, Rejection } from './provider-events.js'
export type { CloseLike, ProviderOptions } from './provider-options.js'
export type { Token } from './token-source.js'
export type {
  OpenTransport,
  Transport,
  TransportClose,
  TransportHandlers,
  TransportRequest,
} from './transport.js'
export { type TypingIndicator, typingIndicator } from './typing-indicator.js'
