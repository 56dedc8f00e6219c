import type { CampaignReport } from '../simulator/campaign.js'
import { count, largeCount, milliseconds, percent } from './figure-format.js'
import type { Figure, Plot, ReportPage } from './report-page.js'
import { lanesOf, marksOf } from './simulation-lanes.js'

/** The page of a campaign: its figures, and one run of it with what went wrong when. */
export function simulationPage(report: CampaignReport): ReportPage {
  const { from, to, failures, failed, shown } = report
  const isOne = from === to
  return {
    title: isOne ? `Simulation, seed ${from}` : `Simulation, seeds ${from} to ${to}`,
    subtitle: subtitle(report),
    verdict: {
      isGood: failures === 0,
      text: failures === 0 ? 'Every invariant held' : violated(failures),
    },
    problems: failed.flatMap(({ result: { seed, violation } }) =>
      violation === undefined
        ? []
        : [`Seed ${seed}, ${violation.invariant}: ${violation.message.split('\n')[0]}`],
    ),
    figures: figures(report),
    plots: [
      ...convergencePlot(report),
      ...(isOne ? [] : campaignPlots(report)),
      ...faultsPlot(report),
    ],
    lanes: shown === undefined ? [] : lanesOf(shown),
    marks: shown === undefined ? [] : marksOf(shown),
    log: (shown?.tail ?? []).map(({ at, what }) => [`${(at / 1_000).toFixed(3)} s`, what]),
    details: Object.entries(shown?.options ?? {}).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  }
}

function violated(failures: number): string {
  return failures === 1 ? 'An invariant was violated' : `${count(failures)} seeds failed`
}

function subtitle({ from, to, shown }: CampaignReport): string {
  if (shown === undefined) return 'no run was done'
  const run = `trace ${shown.hash}`
  if (from === to) return run
  const why = shown.violation === undefined ? 'the last' : 'the first that failed'
  return `lanes and options are those of seed ${shown.seed}, ${why}; ${run}`
}

function figures(report: CampaignReport): readonly Figure[] {
  const { simulatedMs, realMs, done, failures, seedsPerMinute, restMs, edits, shown } = report
  const struck = Object.values(report.faults).reduce((sum, times) => sum + times, 0)
  const rest = shown?.restedAt === undefined ? 'never' : milliseconds(restMs.max)
  return [
    { label: 'runs', value: count(done), note: `${count(failures)} failed` },
    {
      label: 'simulated',
      value: duration(simulatedMs),
      note: `in ${duration(realMs)} of ours`,
    },
    { label: 'speed', value: `${count(seedsPerMinute)}`, note: 'seeds a minute' },
    {
      label: 'events',
      value: largeCount(report.events),
      note: `${count(edits)} actions of clients`,
    },
    {
      label: 'faults',
      value: count(struck),
      note: `${count(report.serverStarts)} starts of servers`,
    },
    done === 1
      ? { label: 'all well after', value: rest, note: 'from the heal on' }
      : {
          label: 'all well after, median',
          value: milliseconds(restMs.median),
          note: `${milliseconds(restMs.max)} at most`,
        },
    { label: 'checking', value: percent(report.checkShare), note: "of the threads' time" },
  ]
}

function duration(ms: number): string {
  if (ms >= 5_400_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return ms >= 90_000 ? `${(ms / 60_000).toFixed(1)} min` : milliseconds(ms)
}

function convergencePlot({ shown }: CampaignReport): readonly Plot[] {
  if (shown === undefined || shown.convergence.length === 0) return []
  const slowestFirst = [...shown.convergence].sort(
    (a, b) => (b.ms ?? Infinity) - (a.ms ?? Infinity),
  )
  const never = slowestFirst.filter(({ ms }) => ms === undefined).map(({ name }) => name)
  return [
    {
      title: `Convergence of each client, seed ${shown.seed}`,
      note:
        'From the heal until a client was synced and had the last that it lacked.' +
        (never.length > 0 ? ` Never so far: ${never.join(', ')}.` : ''),
      x: { label: 'client', kind: 'names', names: slowestFirst.map(({ name }) => name) },
      y: { label: 'ms' },
      xValues: slowestFirst.map((_client, index) => index + 1),
      series: [
        {
          label: 'had everything after',
          color: 'blue',
          style: 'bars',
          values: slowestFirst.map(({ ms }) => (ms === undefined ? null : Math.round(ms))),
        },
      ],
    },
  ]
}

/** What all runs of a campaign have to say together. */
function campaignPlots({ runs }: CampaignReport): readonly Plot[] {
  const rests = runs.flatMap(({ healedAt, restedAt }) =>
    healedAt === undefined || restedAt === undefined ? [] : [restedAt - healedAt],
  )
  const clients = runs.flatMap(({ convergence }) => convergence.flatMap(({ ms }) => ms ?? []))
  return [
    distribution(clients, {
      title: 'Convergence of clients, all seeds',
      note: `How long after the heal all but the slowest of ${count(clients.length)} clients took.`,
      label: 'had everything after',
      color: 'blue',
    }),
    distribution(rests, {
      title: 'All well, all seeds',
      note: 'From the heal until every invariant held; presence takes its grace period.',
      label: 'all well after',
      color: 'green',
    }),
  ].flatMap((plot) => plot ?? [])
}

function distribution(
  values: readonly number[],
  {
    title,
    note,
    label,
    color,
  }: Pick<Plot, 'title' | 'note'> & Pick<Plot['series'][number], 'label' | 'color'>,
): Plot | undefined {
  if (values.length < 2) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const shares = sorted.map((_value, index) => (index + 0.5) / sorted.length)
  return {
    title,
    note,
    x: { label: 'percentile', kind: 'nines' },
    y: { label: 'seconds' },
    xValues: shares.map((share) => -Math.log10(1 - share)),
    series: [{ label, color, style: 'area', values: sorted.map((value) => value / 1_000) }],
  }
}

function faultsPlot({ faults, from, to }: CampaignReport): readonly Plot[] {
  const sorted = Object.entries(faults).sort(([, a], [, b]) => b - a)
  if (sorted.length === 0) return []
  return [
    {
      title: from === to ? 'Faults' : 'Faults, all seeds',
      note: 'How often each struck before everything healed.',
      x: { label: 'fault', kind: 'names', names: sorted.map(([kind]) => kind) },
      y: { label: 'times' },
      xValues: sorted.map((_fault, index) => index + 1),
      series: [
        { label: 'struck', color: 'red', style: 'bars', values: sorted.map(([, times]) => times) },
      ],
    },
  ]
}
