/** Cairn as a document server: what an embedding program uses. */

export { CairnError, type ErrorCode, errorCatalogue } from '../protocol/errors.js'
export { CairnServer, createServer } from './cairn-server.js'
export type { ListenAddress } from './http-listener.js'
export { defaultLimits, type ServerLimits } from './limits.js'
export type { LogFields, Logger } from './logger.js'
export {
  defaultTimings,
  type ServerOptions,
  type ServerTimings,
  type WorkerOptions,
} from './options.js'
export type { Access, Authenticate, ConnectionRequest, Principal } from './principal.js'
