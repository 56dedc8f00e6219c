import {
  type AwarenessEntry,
  decodeAwareness,
  encodeAwarenessEntries,
} from '../protocol/awareness-message.js'
import type { PresenceEvent } from '../server/presence-event.js'
import { type PresenceOptions, resolvePresenceOptions } from '../server/presence-options.js'
import type { PresenceOwner } from '../server/presence-owner.js'
import { PresenceTable } from '../server/presence-table.js'

/** The wall clock when `now` is 0; small, so that clocks can be read. */
export const wallClock = 1_000_000

export interface ProbeConnection extends PresenceOwner {
  /** Content of the awareness messages that it was sent, oldest first. */
  readonly received: Uint8Array[]
}

/** A table whose every step a test makes by hand: time, messages, flushes. */
export class PresenceProbe {
  readonly table: PresenceTable
  readonly events: PresenceEvent[] = []
  now = 0
  readonly #connections: ProbeConnection[] = []

  constructor(options: PresenceOptions = {}, documentName = 'document') {
    this.table = new PresenceTable({
      documentName,
      presence: resolvePresenceOptions(options),
      wallClockOffsetMs: wallClock,
    })
  }

  /** A connection that has joined and not spoken. */
  connect(
    id: string,
    options: { readonly principalId?: string; readonly name?: string; readonly tab?: string } = {},
  ): ProbeConnection {
    const { principalId, name, tab } = options
    const connection: ProbeConnection = {
      id,
      principal:
        principalId === undefined
          ? undefined
          : { id: principalId, ...(name === undefined ? {} : { name }) },
      ...(tab === undefined ? {} : { tab }),
      received: [],
    }
    this.#connections.push(connection)
    this.table.snapshotFor(connection, this.now)
    return connection
  }

  /** One message: client id, clock, state. */
  send(connection: ProbeConnection, ...entries: [number, number, object | null][]): void {
    this.sendRaw(
      connection,
      encodeAwarenessEntries(
        entries.map(([clientID, clock, state]) => ({ clientID, clock, state: jsonBytes(state) })),
      ),
    )
  }

  sendRaw(connection: ProbeConnection, message: Uint8Array): void {
    const entries = decodeAwareness(message, this.table.messageLimits)
    this.table.receive(connection, entries, this.now)
  }

  /** Takes a flush and hands it to everybody; returns the events in it. */
  flush(): string[] {
    const flush = this.table.takeFlush(this.now)
    if (flush === undefined) return []
    this.events.push(...flush.events)
    for (const connection of this.#connections) {
      const update = flush.concerns(connection) ? flush.forOwner(connection) : flush.shared
      if (update !== undefined) connection.received.push(update)
    }
    return flush.events.map(({ type, clientID }) => `${type} ${clientID}`)
  }

  disconnect(connection: ProbeConnection, kind: 'clean' | 'lost'): void {
    this.#connections.splice(this.#connections.indexOf(connection), 1)
    this.table.disconnect(connection, kind, this.now)
  }

  /** Moves time, doing what falls due on the way, each at its own time. */
  advance(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const due = this.table.nextDueAt
      if (due === undefined || due > end) break
      this.now = Math.max(this.now, due)
      this.table.tick(this.now)
    }
    this.now = end
  }

  /** What the table holds: client id -> state. */
  get present(): Record<number, unknown> {
    return Object.fromEntries(this.table.snapshot().map(({ clientID, state }) => [clientID, state]))
  }
}

/** The entries of what a connection was sent since this was last called, message by message. */
export function takeReceived(connection: ProbeConnection): AwarenessEntry[][] {
  const limits = { maxEntries: 1e6, maxStateBytes: 1e6 }
  return connection.received.splice(0).map((update) => decodeAwareness(update, limits))
}

/** The same as text: `client@clock {"state":1}`. */
export function takeTexts(connection: ProbeConnection): string[] {
  const decoder = new TextDecoder()
  return takeReceived(connection).flatMap((entries) =>
    entries.map(
      ({ clientID, clock, state }) =>
        `${clientID}@${clock} ${state === undefined ? 'null' : decoder.decode(state)}`,
    ),
  )
}

function jsonBytes(state: object | null): Uint8Array | undefined {
  return state === null ? undefined : new TextEncoder().encode(JSON.stringify(state))
}
