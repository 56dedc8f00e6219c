import type { ServerLimits } from '../../server/limits.js'
import type { ServerTimings } from '../../server/options.js'
import type { EditMix } from './edits.js'
import type { RandomStream } from './random-stream.js'

/** Faults that strike the whole system; each comes at its own pace, or not at all. */
export const faultKinds = [
  'crash',
  'power-cut',
  'restart',
  'disk-error',
  'disk-full',
  'disk-slow',
  'read-error',
  'worker-kill',
  'server-clock-jump',
  'client-clock-jump',
  'slow-reader',
  'link-trouble',
  'everybody-offline',
] as const

export type FaultKind = (typeof faultKinds)[number]

/**
 * Everything that a run is made of. All of it is drawn from the seed, each option from its own stream
 * of chance, so that changing one leaves the others as they were.
 */
export interface SimulationOptions {
  /** Milliseconds of the phase with faults. */
  readonly faultyMs: number
  readonly documents: number
  /** Stock clients: y-websocket itself. */
  readonly editors: number
  /** Clients that speak `cairn.v1` and know what was acknowledged. */
  readonly extendedEditors: number
  /** Clients with `CairnProvider`, who believe what it says of what is saved. */
  readonly cairnEditors: number
  /** Clients that may read, and try to write. */
  readonly readers: number
  /** Clients with `CairnProvider` that may read. */
  readonly cairnReaders: number
  readonly hostiles: number
  /** Names of the link classes that clients have. */
  readonly links: readonly string[]
  /** Milliseconds between two edits of one editor, on average. */
  readonly editEveryMs: number
  readonly edits: EditMix
  /** Milliseconds between two comings and goings of one editor, on average; 0 for never. */
  readonly leaveEveryMs: number
  readonly durability: 'fsync' | 'os'
  readonly isAuthenticated: boolean
  /**
   * How long the tokens are good that clients with `CairnProvider` show where everybody has a name,
   * in milliseconds; 0 for no tokens.
   */
  readonly tokenLifeMs: number
  /** Milliseconds between two faults of a kind, on average. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** Whether the server is told of some closes twice. */
  readonly closesTwice: boolean
  /** Bytes that a connection takes in each direction without anybody reading. */
  readonly networkBytes: number
  readonly graceMs: number
  readonly timings: Partial<ServerTimings>
  readonly limits: Partial<ServerLimits>
}

/** Draws a run. The half of what could go wrong that a run leaves out gives room to the other half. */
export function drawOptions(
  stream: (purpose: string) => RandomStream,
  linkNames: readonly string[],
): SimulationOptions {
  const people = stream('people')
  const cairnPeople = stream('people with the provider of Cairn')
  const tokens = stream('tokens')
  const isAuthenticated = stream('authentication').chance(0.6)
  const limits = stream('limits')
  const timings = stream('timings')
  const durability = stream('durability').chance(0.75) ? 'fsync' : 'os'
  const isFlood = stream('flood').chance(0.15)
  return {
    faultyMs: Math.round(stream('length').between(6_000, 30_000)),
    documents: people.chance(0.7) ? 1 : 2,
    editors: people.integer(1, 4),
    extendedEditors: people.integer(0, 2),
    readers: isAuthenticated && people.chance(0.3) ? 1 : 0,
    hostiles: isAuthenticated && people.chance(0.3) ? 1 : 0,
    cairnEditors: cairnPeople.integer(1, 3),
    cairnReaders: isAuthenticated && cairnPeople.chance(0.2) ? 1 : 0,
    links: drawSome(stream('links'), linkNames, 0.35),
    editEveryMs: Math.round(stream('pace').between(300, 2_000)),
    edits: drawEdits(stream('edits'), isFlood),
    leaveEveryMs: people.chance(0.7) ? Math.round(people.between(4_000, 30_000)) : 0,
    durability,
    isAuthenticated,
    tokenLifeMs: isAuthenticated && tokens.chance(0.5) ? tokens.pick([2_500, 8_000, 60_000]) : 0,
    faults: withoutLossOfOwners(drawFaults(stream('faults')), isAuthenticated, durability),
    closesTwice: stream('closes').chance(0.1),
    networkBytes: stream('network').pick([4_096, 16_384, 65_536, 262_144]),
    graceMs: timings.pick([10_000, 10_000, 2_000, 0]),
    timings: timings.chance(0.5) ? { unloadMs: timings.pick([0, 100, 1_000, 3_000]) } : {},
    limits: {
      ...(limits.chance(0.3) ? { syncIntervalMs: limits.pick([0, 50, 300]) } : {}),
      ...(limits.chance(0.2) ? { snapshotCacheBytes: limits.pick([0, 1_000]) } : {}),
      ...(limits.chance(0.2) ? { lagStallMs: 2_000, lagMs: 5_000 } : {}),
      ...(limits.chance(0.2) ? { connectionUncommittedBytes: 2_000 } : {}),
      ...(limits.chance(0.1)
        ? { connectionBytesPerSecond: 40_000, connectionBurstBytes: 20_000 }
        : {}),
    },
  }
}

/**
 * After a power cut that took records, clients bring back what others wrote; where everybody has a
 * name the server takes that from its author alone, and turns the others away.
 */
function withoutLossOfOwners(
  faults: SimulationOptions['faults'],
  isAuthenticated: boolean,
  durability: SimulationOptions['durability'],
): SimulationOptions['faults'] {
  if (!isAuthenticated || durability === 'fsync') return faults
  const { 'power-cut': _left, ...others } = faults
  return others
}

/** At least one of them. */
function drawSome(
  random: RandomStream,
  names: readonly string[],
  probability: number,
): readonly string[] {
  const some = names.filter(() => random.chance(probability))
  const one = random.pickAny(names)
  return some.length > 0 || one === undefined ? some : [one]
}

const editKinds = {
  type: 10,
  erase: 4,
  format: 2,
  map: 3,
  array: 2,
  xml: 2,
  undo: 1,
  paste: 0,
} as const satisfies EditMix

function drawEdits(random: RandomStream, isFlood: boolean): EditMix {
  const mix: Record<keyof EditMix, number> = { ...editKinds }
  for (const kind of Object.keys(editKinds)) {
    if (isEditKind(kind) && kind !== 'type' && random.chance(0.4)) mix[kind] = 0
  }
  if (isFlood) mix.paste = 8
  else if (random.chance(0.3)) mix.paste = 0.3
  return mix
}

function isEditKind(kind: string): kind is keyof EditMix {
  return Object.hasOwn(editKinds, kind)
}

function drawFaults(random: RandomStream): SimulationOptions['faults'] {
  const faults: Partial<Record<FaultKind, number>> = {}
  for (const kind of faultKinds) {
    const everyMs = Math.round(random.between(3_000, 25_000))
    if (random.chance(0.4)) faults[kind] = everyMs
  }
  return faults
}
