import type { SimulationResult } from '../simulator/simulation-result.js'
import { count, milliseconds } from './figure-format.js'
import type { Lane, LaneSpan, ReportPage } from './report-page.js'

/** The page of one simulated run: what went wrong when, in swim lanes, and how it ended. */
export function simulationPage(result: SimulationResult): ReportPage {
  const { seed, violation, simulatedMs, realMs, healedAt, restedAt, hash } = result
  const rest =
    healedAt === undefined || restedAt === undefined ? 'never' : milliseconds(restedAt - healedAt)
  return {
    title: `Simulation, seed ${seed}`,
    subtitle: `trace ${hash}`,
    verdict: {
      isGood: violation === undefined,
      text: violation === undefined ? 'Every invariant held' : 'An invariant was violated',
    },
    problems: violation === undefined ? [] : Object.values(violation).map(String),
    figures: [
      { label: 'events', value: count(result.events), note: `${count(result.edits)} edits` },
      {
        label: 'simulated',
        value: milliseconds(simulatedMs),
        note: `in ${milliseconds(realMs)} of ours`,
      },
      { label: 'faults', value: count(result.faults.length), note: 'before everything healed' },
      { label: 'server started', value: count(result.serverStarts), note: 'times' },
      { label: 'at rest after', value: rest, note: 'from the heal on' },
    ],
    plots: [],
    lanes: lanesOf(result),
    details: Object.entries(result.options).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  }
}

/** One lane for each kind of fault that occurred, and one for the time after the heal. */
function lanesOf({ faults, healedAt, restedAt, simulatedMs }: SimulationResult): readonly Lane[] {
  const lanes = new Map<string, LaneSpan[]>()
  for (const { at, kind, lastsMs } of faults) {
    const toMs = Math.min(at + lastsMs, healedAt ?? simulatedMs)
    const spans = lanes.get(kind) ?? []
    spans.push({ fromMs: at, toMs: Math.max(at, toMs), label: kind, color: 'red' })
    lanes.set(kind, spans)
  }
  const faulty = [...lanes].map(([name, spans]): Lane => ({ name, spans }))
  if (healedAt === undefined) return faulty
  const healing: LaneSpan = {
    fromMs: healedAt,
    toMs: restedAt ?? simulatedMs,
    label: restedAt === undefined ? 'healed, but never at rest' : 'healed, not at rest yet',
    color: 'orange',
  }
  const rest: LaneSpan = {
    fromMs: restedAt ?? simulatedMs,
    toMs: simulatedMs,
    label: 'at rest',
    color: 'green',
  }
  return [...faulty, { name: 'heal', spans: restedAt === undefined ? [healing] : [healing, rest] }]
}
