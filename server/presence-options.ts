import { requireNumber, withDefaults } from './numeric-options.js'
import { defaultPresenceLimits, type PresenceLimits } from './presence-limits.js'
import type { PresencePrincipal } from './presence-owner.js'

/** The fields of `user` that the server answers for; undefined as a value takes a field away. */
export type StampFields = Readonly<Record<string, unknown>>

/** Says what `user` of a principal's states must hold; undefined leaves them as the client sent them. */
export type Stamp = (principal: PresencePrincipal) => StampFields | undefined

export interface PresenceTimings {
  /**
   * How long what is known of a removed client outlives it, so that nothing old brings it back.
   * @default 60,000
   */
  readonly tombstoneMs: number
  /**
   * The longest that a state is not sent again. Clients drop what they have not heard of for 30 s.
   * @default 20,000
   */
  readonly renewalMs: number
  /**
   * How long a new connection may take to say which client it is. Until then it is not told who is
   * here, since it would take an older state of its own for a newer one. A client that has no state
   * waits this long, unless it says so with an empty awareness message. @default 1,000
   */
  readonly announceMs: number
}

export const defaultPresenceTimings: PresenceTimings = Object.freeze({
  tombstoneMs: 60_000,
  renewalMs: 20_000,
  announceMs: 1_000,
})

export interface PresenceOptions {
  /**
   * Milliseconds for which the state of a lost connection stays, for all documents or by name.
   * 0 removes it at once. @default 10,000
   */
  readonly graceMs?: number | ((documentName: string) => number)
  /** @default the principal's id and name */
  readonly stamp?: Stamp
  /** @default defaultPresenceLimits */
  readonly limits?: Partial<PresenceLimits>
  /** @default defaultPresenceTimings */
  readonly timings?: Partial<PresenceTimings>
}

export interface ResolvedPresenceOptions {
  readonly graceMs: (documentName: string) => number
  readonly stamp: Stamp
  readonly limits: PresenceLimits
  readonly timings: PresenceTimings
}

/** @throws TypeError naming the option, what was expected and what came */
export function resolvePresenceOptions(options: PresenceOptions = {}): ResolvedPresenceOptions {
  const { graceMs = 10_000, stamp = stampIdAndName } = options
  const timings = withDefaults('presence.timings', defaultPresenceTimings, options.timings)
  if (timings.renewalMs === 0 || timings.renewalMs >= 30_000) {
    throw new TypeError(
      `option presence.timings.renewalMs must be more than 0 and less than 30000, got ${timings.renewalMs}`,
    )
  }
  return Object.freeze({
    graceMs:
      typeof graceMs === 'function'
        ? (name: string) => requireNumber('presence.graceMs', graceMs(name))
        : constant(requireNumber('presence.graceMs', graceMs)),
    stamp,
    limits: withDefaults('presence.limits', defaultPresenceLimits, options.limits),
    timings,
  })
}

function stampIdAndName({ id, name }: PresencePrincipal): StampFields {
  return { id, name }
}

function constant(value: number): () => number {
  return () => value
}
