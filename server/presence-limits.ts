import type { AwarenessLimits } from '../protocol/awareness-message.js'
import { CairnError } from '../protocol/errors.js'

/** Every limit of presence. 0 switches a limit off. */
export interface PresenceLimits {
  /**
   * Clients that one connection may speak for. One message that asks for more closes with 4413; what
   * adds up to more over several messages is passed over.
   *
   * A client has one. There are more because y-websocket passes on what it hears of the other tabs
   * of its browser (BroadcastChannel): a tab that is back first after a restart speaks for its
   * siblings until they are back, and must not be closed for good for that.
   * @default 16
   */
  readonly entriesPerConnection: number
  /** Clients present in one document. Whoever comes beyond is not shown. @default 10,000 */
  readonly entriesPerDocument: number
  /** Bytes of JSON of one state. A larger one closes with 4413. @default 16 KiB */
  readonly stateBytes: number
  /**
   * Bytes of all states of one document. What would pass it is not shown. Every client sends back
   * what it hears, so a full list must fit into one message of a client. @default 1 MiB
   */
  readonly documentStateBytes: number
  /**
   * Changes of one connection that are shown per second, after as many at once; more are no error,
   * the newest is shown when its turn comes. @default 30
   */
  readonly changesPerSecond: number
}

export const defaultPresenceLimits: PresenceLimits = Object.freeze({
  entriesPerConnection: 16,
  entriesPerDocument: 10_000,
  stateBytes: 16_384,
  documentStateBytes: 1_048_576,
  changesPerSecond: 30,
})

/**
 * How much longer a state may be when a client sends it back: clients parse and write it again, and
 * 1e20 becomes 21 digits; a stamp may have been added too.
 */
const echoGrowth = 8

/**
 * What `decodeAwareness` has to let through: all states of the document at once, as a client echoes
 * them, and removals besides. A tighter limit would close whoever merely listened.
 */
export function presenceMessageLimits(limits: PresenceLimits): AwarenessLimits {
  return Object.freeze({
    maxEntries: orInfinity(limits.entriesPerDocument * 2),
    maxStateBytes: orInfinity(limits.stateBytes * echoGrowth),
  })
}

/** A limit as a number to compare with: 0 stands for none. */
export function orInfinity(limit: number): number {
  return limit === 0 ? Number.POSITIVE_INFINITY : limit
}

/** @throws LIMIT_REACHED where one message announces `count` clients and that is too many */
export function requireEntries(count: number, { entriesPerConnection }: PresenceLimits): void {
  if (count <= orInfinity(entriesPerConnection)) return
  throw new CairnError(
    'LIMIT_REACHED',
    `expected at most ${entriesPerConnection} clients on one connection, got ${count}`,
    { rule: 'presence-entries' },
  )
}

/** @throws TOO_LARGE where a state of `byteLength` bytes is too large */
export function requireStateBytes(byteLength: number, { stateBytes }: PresenceLimits): void {
  if (byteLength <= orInfinity(stateBytes)) return
  throw new CairnError(
    'TOO_LARGE',
    `expected a state of at most ${stateBytes} bytes, got ${byteLength}`,
    { rule: 'presence-state-bytes' },
  )
}
