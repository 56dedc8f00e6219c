import type { DocumentStore } from '../../persistence/document-store.js'
import type { OpenLevel } from '../../persistence/level-port.js'
import type { MessageSocket } from '../../runtime/message-socket.js'
import type { VirtualTime } from '../../runtime/virtual-time.js'
import type { ServerOptions } from '../../server/options.js'
import type { WebSocketConstructor } from './client-web-socket.js'
import type { SimulationOptions } from './simulation-options.js'

/**
 * A server, store or client that is broken on purpose, made of the real one by standing in between.
 * The simulator must catch each of them, or it checks nothing.
 */
export interface Mutant {
  readonly name: string
  /** What is broken, in one sentence. */
  readonly what: string
  /** Invariants of which one catches it. */
  readonly caughtBy: readonly string[]
  /** The only invariants that are watched, to show that they need no others. @default all */
  readonly watches?: readonly string[]
  /** What a run must have for the defect to show at all. */
  readonly needs?: Partial<SimulationOptions>
  store?(inner: DocumentStore): DocumentStore
  disk?(inner: OpenLevel): OpenLevel
  /** A new server is about to begin; its sockets are wrapped by what is returned. */
  sockets?(time: VirtualTime): (inner: MessageSocket, documentName: string) => MessageSocket
  /** The WebSockets of one client with the provider of Cairn. */
  clientSockets?(inner: WebSocketConstructor): WebSocketConstructor
  server?(options: ServerOptions): ServerOptions
}
