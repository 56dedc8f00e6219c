import { type FaultKind, faultKinds, type SimulationOptions } from './simulation-options.js'
import type { SimulationResult } from './simulation-result.js'

/** A failure that could not be made simpler. */
export interface ShrunkFailure {
  /** What takes the place of what the seed draws. */
  readonly overrides: Partial<SimulationOptions>
  readonly result: SimulationResult
  /** Runs that it took. */
  readonly tries: number
}

const maxTries = 120
const clientKinds = [
  'hostiles',
  'readers',
  'cairnReaders',
  'extendedEditors',
  'editors',
  'cairnEditors',
] as const
/** Shorter runs are not simpler. */
const leastFaultyMs = 500

/**
 * Makes a failing run simpler for as long as it goes against the same invariant: shorter, with fewer
 * clients, faults and peculiarities, one at a time.
 */
export async function shrink(
  failure: SimulationResult,
  run: (overrides: Partial<SimulationOptions>) => Promise<SimulationResult>,
): Promise<ShrunkFailure> {
  let best = { overrides: failure.options, result: failure }
  let tries = 0
  for (let isSimpler = true; isSimpler; ) {
    isSimpler = false
    // What was tried before the place where something gave way has its turn in the next round.
    for (let at = 0, changes = simplerThan(best.result); at < changes.length; ) {
      if (tries >= maxTries) return { ...best, tries }
      tries++
      const overrides = { ...best.overrides, ...changes[at] }
      const result = await run(overrides)
      if (result.violation?.invariant === failure.violation?.invariant) {
        best = { overrides, result }
        changes = simplerThan(result)
        isSimpler = true
      } else {
        at++
      }
    }
  }
  return { ...best, tries }
}

/** Changes that take something away, those first that take most. */
export function simplerThan(result: SimulationResult): readonly Partial<SimulationOptions>[] {
  const { options, violation } = result
  const changes: Partial<SimulationOptions>[] = []
  const firstFault = Math.min(options.faultyMs, Math.ceil((violation?.at ?? 0) + 1))
  for (const faultyMs of [options.faultyMs / 2, firstFault]) {
    if (faultyMs >= leastFaultyMs && faultyMs < options.faultyMs) {
      changes.push({ faultyMs: Math.round(faultyMs) })
    }
  }
  if (Object.keys(options.faults).length > 1) changes.push({ faults: {} })
  for (const kind of faultKinds) {
    if (options.faults[kind] !== undefined) changes.push({ faults: without(options.faults, kind) })
  }
  for (const people of clientKinds) {
    const count = options[people]
    if (count > 1) changes.push({ [people]: Math.floor(count / 2) })
    if (count > 0) changes.push({ [people]: count - 1 })
  }
  if (options.documents > 1) changes.push({ documents: 1 })
  if (options.leaveEveryMs > 0) changes.push({ leaveEveryMs: 0 })
  if (options.tokenLifeMs > 0) changes.push({ tokenLifeMs: 0 })
  if (options.closesTwice) changes.push({ closesTwice: false })
  if (options.links.join() !== 'lan') changes.push({ links: ['lan'] })
  if (options.links.length > 1) changes.push({ links: options.links.slice(1) })
  if (Object.keys(options.limits).length > 0) changes.push({ limits: {} })
  if (Object.keys(options.timings).length > 0) changes.push({ timings: {} })
  for (const kind of Object.keys(options.edits)) {
    if (kind !== 'type' && isEditKind(kind, options) && options.edits[kind] > 0) {
      changes.push({ edits: { ...options.edits, [kind]: 0 } })
    }
  }
  return changes
}

function without(
  faults: SimulationOptions['faults'],
  kind: FaultKind,
): SimulationOptions['faults'] {
  const { [kind]: _left, ...others } = faults
  return others
}

function isEditKind(
  kind: string,
  { edits }: SimulationOptions,
): kind is keyof SimulationOptions['edits'] {
  return Object.hasOwn(edits, kind)
}
