import type { FaultEvent } from '../simulator/fault-plan.js'
import type { HistoryLane, HistorySpan } from '../simulator/history.js'
import type { SimulationResult } from '../simulator/simulation-result.js'
import type { Lane, LaneMark, LaneSpan } from './report-page.js'

/** A lane for the server, one for each part of it that faults struck, and one for each client. */
export function lanesOf(result: SimulationResult): readonly Lane[] {
  const { lanes, faults, simulatedMs, healedAt } = result
  const [server, ...clients] = lanes
  const end = healedAt ?? simulatedMs
  const struck = (target: string): readonly LaneSpan[] =>
    faults.filter((fault) => fault.target === target).map((fault) => faultSpan(fault, end))
  const parts = ['disk', 'worker']
    .map((name): Lane => ({ name, spans: struck(name) }))
    .filter(({ spans }) => spans.length > 0)
  const all = [
    ...(server === undefined ? [] : [laneOf(server, 'blue', struck('server'))]),
    ...parts,
    ...clients.map((client) => laneOf(client, 'green', [])),
  ]
  const shownMs = shownUntil(result)
  return all.map(({ name, spans }) => ({
    name,
    spans: spans
      .filter(({ fromMs }) => fromMs <= shownMs)
      .map((span) => ({ ...span, toMs: Math.min(span.toMs, shownMs) })),
  }))
}

/** Once all was well they leave, and nothing is to be seen but a server that lets go. */
function shownUntil({ restedAt, simulatedMs, violation }: SimulationResult): number {
  if (restedAt === undefined || violation !== undefined) return simulatedMs
  return Math.min(simulatedMs, restedAt * 1.04)
}

function laneOf(
  { name, spans }: HistoryLane,
  ground: 'blue' | 'green',
  struck: readonly LaneSpan[],
): Lane {
  const of = (kind: HistorySpan['kind']) => spans.filter((span) => span.kind === kind)
  return {
    name,
    spans: [
      ...of('up').map(
        ({ fromMs, toMs, what }): LaneSpan => ({
          fromMs,
          toMs,
          label: what,
          color: ground,
          isGround: true,
        }),
      ),
      ...of('trouble').map(
        ({ fromMs, toMs, what }): LaneSpan => ({ fromMs, toMs, label: what, color: 'orange' }),
      ),
      ...struck,
    ],
  }
}

function faultSpan({ at, kind, lastsMs }: FaultEvent, end: number): LaneSpan {
  return { fromMs: at, toMs: Math.max(at, Math.min(at + lastsMs, end)), label: kind, color: 'red' }
}

/** The heal, the rest after it, and what went wrong. */
export function marksOf({ healedAt, restedAt, violation }: SimulationResult): readonly LaneMark[] {
  const marks: LaneMark[] = []
  if (healedAt !== undefined) marks.push({ atMs: healedAt, label: 'heal', color: 'orange' })
  if (restedAt !== undefined && violation === undefined) {
    marks.push({ atMs: restedAt, label: 'all well', color: 'green' })
  }
  if (violation !== undefined) {
    marks.push({ atMs: violation.at, label: violation.invariant, color: 'red' })
  }
  return marks
}
