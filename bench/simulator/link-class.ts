import { parseToxicSpec, type ToxicSpec } from './toxics/toxic-spec.js'

/** Times at which a link goes wrong and comes back. */
export interface Outage {
  /** Milliseconds from the end of one to the begin of the next, on average. */
  readonly every: number
  /** Milliseconds that one lasts, on average. */
  readonly lasts: number
  readonly toxic: ToxicSpec
}

/** What a client's connection to the world is like. */
export interface LinkClass {
  /** From the client to the server. */
  readonly upstream: readonly ToxicSpec[]
  readonly downstream: readonly ToxicSpec[]
  readonly outages: readonly Outage[]
}

function symmetric(toxics: readonly ToxicSpec[], outages: readonly Outage[] = []): LinkClass {
  return { upstream: toxics, downstream: toxics, outages }
}

/** Classes to start from. Latencies are one way, rates in KB a second. */
export const linkClasses: Readonly<Record<string, LinkClass>> = {
  lan: symmetric([{ type: 'latency', latency: 0.3, jitter: 0.2 }]),
  broadband: {
    upstream: [
      { type: 'bandwidth', rate: 1_500 },
      { type: 'latency', latency: 12, jitter: 4 },
    ],
    downstream: [
      { type: 'bandwidth', rate: 6_000 },
      { type: 'latency', latency: 12, jitter: 4 },
    ],
    outages: [],
  },
  '4g': {
    upstream: [
      { type: 'bandwidth', rate: 600 },
      { type: 'latency', latency: 35, jitter: 25 },
    ],
    downstream: [
      { type: 'bandwidth', rate: 2_500 },
      { type: 'latency', latency: 35, jitter: 25 },
    ],
    outages: [{ every: 20_000, lasts: 600, toxic: { type: 'latency', latency: 400, jitter: 300 } }],
  },
  /** Loss shows above TCP as waits for what is sent again, and as connections that break. */
  'lossy-3g': symmetric(
    [
      { type: 'bandwidth', rate: 60 },
      { type: 'slicer', average_size: 400, size_variation: 300, delay: 500 },
      { type: 'latency', latency: 120, jitter: 110 },
    ],
    [
      { every: 4_000, lasts: 700, toxic: { type: 'timeout', timeout: 0 } },
      { every: 25_000, lasts: 1, toxic: { type: 'reset_peer', timeout: 0 } },
    ],
  ),
  /** Comes and goes: tunnels, and stations where another cell takes over. */
  train: symmetric(
    [
      { type: 'bandwidth', rate: 300 },
      { type: 'latency', latency: 60, jitter: 40 },
    ],
    [
      { every: 9_000, lasts: 4_000, toxic: { type: 'timeout', timeout: 0 } },
      { every: 15_000, lasts: 2_500, toxic: { type: 'down' } },
    ],
  ),
  /** Half open: the access point forgets connections and tells nobody. */
  'hotel-wifi': symmetric(
    [
      { type: 'bandwidth', rate: 400 },
      { type: 'latency', latency: 25, jitter: 20 },
      { type: 'slow_close', delay: 3_000 },
    ],
    [{ every: 15_000, lasts: 35_000, toxic: { type: 'timeout', timeout: 0, toxicity: 0.7 } }],
  ),
  satellite: symmetric([
    { type: 'bandwidth', rate: 1_000 },
    { type: 'latency', latency: 300, jitter: 30 },
  ]),
}

/**
 * Reads the classes of a file: an object of classes by name, each with `upstream`, `downstream` and
 * `outages`, all of them optional. They come on top of the named ones, and replace those of the same
 * name.
 * @throws TypeError naming the place, what was expected there and what came
 */
export function parseLinkClasses(value: unknown): Readonly<Record<string, LinkClass>> {
  const classes: Record<string, LinkClass> = { ...linkClasses }
  for (const [name, given] of Object.entries(requireObject(value, 'the file'))) {
    const found = requireObject(given, name)
    for (const key of Object.keys(found)) {
      if (key === 'upstream' || key === 'downstream' || key === 'outages') continue
      throw new TypeError(`${name}: expected upstream, downstream or outages, got "${key}"`)
    }
    const toxics = (direction: 'upstream' | 'downstream') =>
      requireList(found[direction], `${name}.${direction}`).map((toxic, index) =>
        parseToxicSpec(toxic, `${name}.${direction}[${index}]`),
      )
    classes[name] = {
      upstream: toxics('upstream'),
      downstream: toxics('downstream'),
      outages: requireList(found.outages, `${name}.outages`).map((outage, index) =>
        parseOutage(outage, `${name}.outages[${index}]`),
      ),
    }
  }
  return classes
}

function parseOutage(value: unknown, where: string): Outage {
  const { every, lasts, toxic } = requireObject(value, where)
  if (typeof every !== 'number' || typeof lasts !== 'number' || every <= 0 || lasts <= 0) {
    throw new TypeError(`${where} needs "every" and "lasts" in milliseconds, both above 0`)
  }
  return { every, lasts, toxic: parseToxicSpec(toxic, `${where}.toxic`) }
}

function requireObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new TypeError(`${where} must be an object, got ${JSON.stringify(value)}`)
}

function requireList(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw new TypeError(`${where} must be a list, got ${JSON.stringify(value)}`)
}
