import { RandomStream } from './random-stream.js'
import { drawOptions, faultKinds, type SimulationOptions } from './simulation-options.js'

/**
 * Reads options that take the place of what a seed draws. Every option that a seed can draw is known,
 * with the kind of value that it draws.
 * @throws TypeError saying what was expected and what came
 */
export function parseOverrides(
  value: unknown,
  linkNames: readonly string[],
): Partial<SimulationOptions> {
  const drawn = drawOptions(() => new RandomStream(1), linkNames)
  const overrides = requireObject(value, 'the options')
  for (const [name, given] of Object.entries(overrides)) {
    if (!Object.hasOwn(drawn, name)) {
      throw new TypeError(`option ${name} is not known: ${Object.keys(drawn).join(', ')} are`)
    }
    const expected = kindOf(Reflect.get(drawn, name))
    if (kindOf(given) === expected) continue
    throw new TypeError(`option ${name} must be a ${expected}, got ${JSON.stringify(given)}`)
  }
  requireKnown('faults', Object.keys(requireObject(overrides.faults ?? {}, 'faults')), faultKinds)
  requireKnown('links', Array.isArray(overrides.links) ? overrides.links : [], linkNames)
  requireKnown('durability', [overrides.durability ?? 'fsync'], ['fsync', 'os'])
  const edits =
    overrides.edits === undefined ? {} : { edits: { ...noEdits, ...requireEdits(overrides.edits) } }
  return { ...overrides, ...edits }
}

const noEdits: SimulationOptions['edits'] = {
  type: 0,
  erase: 0,
  format: 0,
  map: 0,
  array: 0,
  xml: 0,
  undo: 0,
  paste: 0,
}

function requireEdits(value: unknown): Partial<SimulationOptions['edits']> {
  const edits = requireObject(value, 'edits')
  requireKnown('edits', Object.keys(edits), Object.keys(noEdits))
  return edits
}

function requireKnown(option: string, given: readonly unknown[], known: readonly string[]): void {
  for (const one of given) {
    if (typeof one === 'string' && known.includes(one)) continue
    throw new TypeError(
      `option ${option}: expected ${known.join(', ')}, got ${JSON.stringify(one)}`,
    )
  }
}

function requireObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (kindOf(value) === 'object') return { ...Object(value) }
  throw new TypeError(`expected ${what} as an object, got ${JSON.stringify(value)}`)
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  return value === null ? 'null' : typeof value
}
