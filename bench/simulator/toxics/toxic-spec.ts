import { bandwidth } from './bandwidth.js'
import { down } from './down.js'
import { latency } from './latency.js'
import { limitData } from './limit-data.js'
import { resetPeer } from './reset-peer.js'
import { slicer } from './slicer.js'
import { slowClose } from './slow-close.js'
import { timeout } from './timeout.js'
import type { Chance, Toxic } from './toxic.js'

/** A toxic as it stands in a file: its type, and numbers by Toxiproxy's names. */
export interface ToxicSpec {
  readonly type: ToxicType
  /** The share of connections that it hits. @default 1 */
  readonly toxicity?: number
  readonly [parameter: string]: number | string | undefined
}

interface Kind {
  /** The parameters, each with its default; undefined where it must be given. */
  readonly parameters: Readonly<Record<string, number | undefined>>
  make(value: (parameter: string) => number, chance: Chance): Toxic
}

const kinds = {
  latency: {
    parameters: { latency: undefined, jitter: 0 },
    make: (value, chance) =>
      latency({ latency: value('latency'), jitter: value('jitter') }, chance),
  },
  bandwidth: {
    parameters: { rate: undefined },
    make: (value) => bandwidth({ rate: Math.max(0.001, value('rate')) }),
  },
  slicer: {
    parameters: { average_size: undefined, size_variation: 0, delay: 0 },
    make: (value, chance) =>
      slicer(
        {
          average_size: value('average_size'),
          size_variation: value('size_variation'),
          delay: value('delay'),
        },
        chance,
      ),
  },
  timeout: {
    parameters: { timeout: undefined },
    make: (value) => timeout({ timeout: value('timeout') }),
  },
  reset_peer: {
    parameters: { timeout: 0 },
    make: (value) => resetPeer({ timeout: value('timeout') }),
  },
  slow_close: {
    parameters: { delay: undefined },
    make: (value) => slowClose({ delay: value('delay') }),
  },
  limit_data: {
    parameters: { bytes: undefined },
    make: (value) => limitData({ bytes: value('bytes') }),
  },
  down: { parameters: {}, make: () => down() },
} as const satisfies Record<string, Kind>

export type ToxicType = keyof typeof kinds

export const toxicTypes = Object.keys(kinds)

function isToxicType(type: string): type is ToxicType {
  return Object.hasOwn(kinds, type)
}

/** A toxic for one direction of one connection. */
export function createToxic(spec: ToxicSpec, chance: Chance): Toxic {
  const kind: Kind = kinds[spec.type]
  return kind.make((parameter) => Number(spec[parameter] ?? kind.parameters[parameter]), chance)
}

/**
 * Reads a toxic from a file.
 * @param where names the place in the file, for the error
 * @throws TypeError saying what was expected there and what came
 */
export function parseToxicSpec(value: unknown, where: string): ToxicSpec {
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    throw new TypeError(`${where} must be an object with a "type", got ${JSON.stringify(value)}`)
  }
  const { type } = value
  if (typeof type !== 'string' || !isToxicType(type)) {
    throw new TypeError(
      `${where}.type must be one of ${toxicTypes.join(', ')}, got ${JSON.stringify(type)}`,
    )
  }
  const parameters: Kind['parameters'] = { ...kinds[type].parameters, toxicity: 1 }
  for (const [name, given] of Object.entries(value)) {
    if (name === 'type') continue
    if (!Object.hasOwn(parameters, name)) {
      throw new TypeError(`${where}: ${type} has no parameter "${name}"`)
    }
    if (typeof given === 'number' && given >= 0) continue
    throw new TypeError(`${where}.${name} must be a number >= 0, got ${JSON.stringify(given)}`)
  }
  for (const [name, byDefault] of Object.entries(parameters)) {
    if (byDefault === undefined && !(name in value)) {
      throw new TypeError(`${where}: ${type} needs the parameter "${name}"`)
    }
  }
  return { ...value, type }
}
