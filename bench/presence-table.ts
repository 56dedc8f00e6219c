import { decodeAwareness, encodeAwarenessEntries } from '../protocol/awareness-message.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { resolvePresenceOptions } from '../server/presence-options.js'
import type { PresenceOwner } from '../server/presence-owner.js'
import { PresenceTable } from '../server/presence-table.js'

/*
 * What presence costs the server's processor, without sockets: one document, 50 clients that move a
 * cursor in turn, all of them flushed together. Prints microseconds.
 *
 *     node dist/bench/presence-table.js
 */

const clients = 50
const rounds = 2_000
const warmUpRounds = 300
const parts = ['decode', 'change', 'flush', 'decodeEcho', 'echo'] as const
const nothing = new Uint8Array([0])

function cursorState(client: number, round: number): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      user: { name: `Person ${client}`, color: '#30bced', colorLight: '#30bced33' },
      cursor: {
        anchor: {
          type: null,
          tname: 'prosemirror',
          item: { client: 1_000 + client, clock: round },
        },
        head: { type: null, tname: 'prosemirror', item: { client: 1_000 + client, clock: round } },
      },
    }),
  )
}

interface Costs {
  readonly decode: number
  readonly change: number
  readonly flush: number
  readonly decodeEcho: number
  readonly echo: number
}

function measure(isStamped: boolean): Costs {
  const { now } = systemEnvironment
  const table = new PresenceTable({
    documentName: 'bench',
    presence: resolvePresenceOptions({ limits: { changesPerSecond: 0 } }),
    wallClockOffsetMs: systemEnvironment.wallClock() - now(),
  })
  const owners = Array.from({ length: clients }, (_, index): PresenceOwner => {
    const owner: PresenceOwner = {
      id: `connection-${index}`,
      principal: isStamped ? { id: `person-${index}`, name: `Person ${index}` } : undefined,
    }
    table.snapshotFor(owner, 0)
    return owner
  })
  const spent = { decode: 0, change: 0, flush: 0, decodeEcho: 0, echo: 0 }
  for (let round = -warmUpRounds; round < rounds; round++) {
    if (round === 0) {
      Object.assign(spent, { decode: 0, change: 0, flush: 0, decodeEcho: 0, echo: 0 })
    }
    const count = round + warmUpRounds
    const moves = owners.map((_, index) => moveOf(index, count))
    const times = [now()]
    const changes = moves.map((move) => decodeAwareness(move, table.messageLimits))
    times.push(now())
    for (const [index, owner] of owners.entries()) {
      table.receive(owner, changes[index] ?? [], count * 100)
    }
    times.push(now())
    const flush = table.takeFlush(count * 100)
    const updates = owners.map((owner) => flush?.forOwner(owner) ?? nothing)
    times.push(now())
    // Every client sends back what it heard, as one message.
    const echoes = updates.map((update) => decodeAwareness(update, table.messageLimits))
    times.push(now())
    for (const [index, owner] of owners.entries()) {
      table.receive(owner, echoes[index] ?? [], count * 100)
    }
    times.push(now())
    for (const [index, part] of parts.entries()) {
      spent[part] += (times[index + 1] ?? 0) - (times[index] ?? 0)
    }
  }
  const perChange = 1_000 / (clients * rounds)
  return {
    decode: spent.decode * perChange,
    change: spent.change * perChange,
    flush: spent.flush * perChange,
    decodeEcho: (spent.decodeEcho * perChange) / (clients - 1),
    echo: (spent.echo * perChange) / (clients - 1),
  }
}

function moveOf(index: number, round: number): Uint8Array {
  const state = cursorState(index, round)
  return encodeAwarenessEntries([{ clientID: 1_000 + index, clock: round + 1, state }])
}

function report(name: string, { decode, change, flush, decodeEcho, echo }: Costs): void {
  process.stdout.write(
    [
      `${name}:`,
      `${change.toFixed(2)} us per change taken (and ${decode.toFixed(2)} to decode it),`,
      `${flush.toFixed(2)} us to encode it for ${clients} clients,`,
      `${echo.toFixed(3)} us per echo dropped (and ${decodeEcho.toFixed(3)} to decode it)\n`,
    ].join(' '),
  )
}

report('opaque ', measure(false))
report('stamped', measure(true))
