import type {
  CampaignFailure,
  CampaignProgress,
  CampaignReport,
} from '../bench/simulator/campaign.js'
import type { SimulationResult } from '../bench/simulator/simulation-result.js'

/** Lines of the trace that are shown of a failure. */
const tailLines = 25

/** One line for while it runs. */
export function describeCampaignProgress(progress: CampaignProgress): string {
  const { done, of, failures, seedsPerMinute, simulatedSecondsPerSecond } = progress
  return (
    `${done}/${of} seeds, ${failures} failed, ${Math.round(seedsPerMinute)} seeds/min, ` +
    `${Math.round(simulatedSecondsPerSecond)} simulated s/s`
  )
}

export function describeCampaign(report: CampaignReport): string {
  const { from, to, jobs, realMs, simulatedMs, edits, serverStarts, restMs } = report
  const faults = Object.entries(report.faults).sort(([a], [b]) => a.localeCompare(b))
  const hours = simulatedMs / 3_600_000
  return [
    ...report.failed.flatMap((failure) => describeFailure(failure)),
    `seeds ${from}..${to} on ${jobs} ${jobs === 1 ? 'thread' : 'threads'}: ` +
      `${describeCampaignProgress(report)}`,
    `${hours.toFixed(2)} simulated hours in ${(realMs / 1_000).toFixed(1)} s, ${edits} actions of ` +
      `clients, ${serverStarts} starts of servers, ${Math.round(report.checkShare * 100)} % checking`,
    `faults: ${faults.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'}`,
    `all well after the heal: ${seconds(restMs.median)} s in the median, ${seconds(restMs.max)} s at most`,
    ...(report.runs.length === 1 ? [`hash ${report.runs[0]?.hash}`] : []),
    '',
  ].join('\n')
}

function describeFailure({ result, shrunk }: CampaignFailure): readonly string[] {
  const last = shrunk?.result ?? result
  const replay = `--set '${JSON.stringify(last.options)}'`
  return [
    ...describeViolation(result),
    `  drawn: ${JSON.stringify(result.options)}`,
    ...(shrunk === undefined
      ? []
      : [`  reduced in ${shrunk.tries} runs: ${shrunk.result.violation?.message ?? ''}`]),
    // With all options, since some may have been given and not drawn.
    `  again: cairn bench simulate --seed ${result.seed} ${replay}`,
    ...last.tail.slice(-tailLines).map(({ at, what }) => `  ${seconds(at)} s  ${firstLine(what)}`),
    '',
  ]
}

function describeViolation({ seed, violation, hash }: SimulationResult): readonly string[] {
  if (violation === undefined) return []
  const { invariant, at, message } = violation
  return [`seed ${seed} failed after ${seconds(at)} s (hash ${hash})`, `  ${invariant}: ${message}`]
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n')
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3)
}
