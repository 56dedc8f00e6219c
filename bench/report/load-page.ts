import type { LoadReport } from '../load/load-report.js'
import { count, megabytes, milliseconds, percent } from './figure-format.js'
import type { Figure, Plot, PlotColor, PlotSeries, ReportPage } from './report-page.js'

/** The page of one load. */
export function loadPage(report: LoadReport): ReportPage {
  const { plan, machine, converged } = report
  return {
    title: report.title,
    subtitle: `${report.server}, ${report.startedAt.replace(/\.\d+Z$/, 'Z').replace('T', ' ')}`,
    verdict: {
      isGood: converged,
      text: converged ? 'Every replica converged' : 'Did not converge',
    },
    problems: report.problems,
    figures: figures(report),
    plots: [
      deliveriesPlot(report),
      latencyPlot(report),
      distributionPlot(report),
      convergencePlot(report),
      ...serverPlots(report),
      connectionsPlot(report),
    ],
    lanes: [],
    marks: [],
    log: [],
    details: [
      ['Documents', count(plan.documents)],
      ['Each with', `${plan.editors} editors, ${plan.observers} observers`],
      [
        'Edits',
        plan.rate === undefined
          ? `${count(plan.editsEach)} by each editor, as fast as they are taken`
          : `${plan.rate} a second by each editor for ${plan.durationMs / 1_000} s`,
      ],
      ['Content', plan.trace ? 'a recorded trace' : describeMix(report)],
      ['Presence', plan.presenceRate === 0 ? 'none' : `${plan.presenceRate} a second each`],
      ['Storms', String(plan.storms)],
      ['Slow readers', String(plan.slowReaders)],
      ['Link', report.link ?? 'straight'],
      ['Packet loss', report.packetLossPercent === 0 ? 'none' : `${report.packetLossPercent} %`],
      ['Seed', String(plan.seed)],
      ['Connections ended by the server or the network', describeCloses(report)],
      ['Received', megabytes(report.bytesReceived)],
      ['Sent', megabytes(report.bytesSent)],
      ['Load side', `${percent(report.loadCpuShare)} of a core, ${plan.workers} process(es)`],
      [
        'Load side sent late by',
        `p99 ${milliseconds(report.latency.lateness.p99)}, which is part of every latency here`,
      ],
      [
        'Machine',
        `${machine.processor}, ${machine.cores} cores, ${megabytes(machine.memoryBytes)}`,
      ],
      ['System', `${machine.system}, Node ${machine.node}`],
      ['Load average before', machine.load.toFixed(1)],
    ],
  }
}

function figures(report: LoadReport): readonly Figure[] {
  const { latency, serverFigures: server } = report
  const found: Figure[] = [
    {
      label: 'deliveries a second',
      value: count(report.deliveredPerSecond),
      note: `${count(report.delivered)} of ${count(report.expected)}`,
    },
    {
      label: 'edit to screen, p50',
      value: milliseconds(latency.delivery.p50),
      note: `p90 ${milliseconds(latency.delivery.p90)}`,
    },
    {
      label: 'edit to screen, p99',
      value: milliseconds(latency.delivery.p99),
      note: `max ${milliseconds(latency.delivery.max)}`,
    },
  ]
  if (latency.acknowledge.count > 0) {
    found.push({
      label: 'edit to acknowledge, p50',
      value: milliseconds(latency.acknowledge.p50),
      note: `p99 ${milliseconds(latency.acknowledge.p99)}`,
    })
  }
  if (latency.reconnect.count > 0) {
    found.push({
      label: 'back after a loss, p99',
      value: milliseconds(latency.reconnect.p99),
      note: `${count(latency.reconnect.count)} times`,
    })
  }
  if (server !== undefined) {
    found.push(
      {
        label: 'server CPU a delivery',
        value: `${server.cpuUsPerDelivery.toFixed(1)} us`,
        note: `${percent(server.cpuShare)} of a core`,
      },
      {
        label: 'server memory, peak',
        value: megabytes(server.peakResidentBytes),
        note: `${megabytes(server.residentBytesBefore)} before`,
      },
    )
  }
  return found
}

function deliveriesPlot({ samples }: LoadReport): Plot {
  return {
    title: 'Deliveries',
    note: 'Edits that reached a client in each second, and those that were due and had not come.',
    x: seconds,
    y: { label: 'a second' },
    right: { label: 'not there yet' },
    xValues: samples.map(({ atMs }) => atMs / 1_000),
    series: [
      {
        label: 'delivered a second',
        color: 'blue',
        style: 'area',
        values: samples.map(({ deliveredPerSecond }) => Math.round(deliveredPerSecond)),
      },
      {
        label: 'lag',
        color: 'red',
        style: 'line',
        isOnRight: true,
        values: samples.map(({ lag }) => lag),
      },
    ],
  }
}

function latencyPlot({ samples }: LoadReport): Plot {
  const values = (read: (sample: (typeof samples)[number]) => number) =>
    samples.map((sample) => (sample.deliveredPerSecond === 0 ? null : read(sample)))
  return {
    title: 'Latency over time',
    note: 'From the moment an edit was due to its arrival at another client, second by second.',
    x: seconds,
    y: { label: 'ms', isLogarithmic: true },
    xValues: samples.map(({ atMs }) => atMs / 1_000),
    series: [
      { label: 'p50', color: 'blue', style: 'line', values: values(({ p50 }) => p50) },
      { label: 'p99', color: 'orange', style: 'line', values: values(({ p99 }) => p99) },
    ],
  }
}

function distributionPlot({ curves, latency }: LoadReport): Plot {
  const kinds = [
    ['edit to screen', 'blue', curves.delivery],
    ['edit to acknowledge', 'green', curves.acknowledge],
    ['cursor to screen', 'violet', curves.presence],
    ['back after a loss', 'grey', curves.reconnect],
  ] as const satisfies readonly (readonly [string, PlotColor, LoadReport['curves']['delivery']])[]
  const found = kinds.filter(([, , curve]) => curve.length > 0)
  // 100 % is infinitely many nines away, and what is rarer than one in all says nothing.
  const rarest = 100 / Math.max(1, latency.delivery.count)
  const percents = curves.delivery.map(([at]) => at).filter((at) => 100 - at >= rarest)
  return {
    title: 'Latency distribution',
    note: 'How long all but the slowest took; each step to the right is ten times rarer.',
    x: { label: 'percentile', kind: 'nines' },
    y: { label: 'ms', isLogarithmic: true },
    xValues: percents.map((at) => -Math.log10(1 - at / 100)),
    series: found.map(([label, color, curve]): PlotSeries => {
      const times = new Map(curve)
      const values = percents.map((at) => times.get(at) ?? null)
      return { label, color, style: 'line', values }
    }),
  }
}

function convergencePlot({ clients }: LoadReport): Plot {
  const sorted = [...clients].sort((a, b) => a.convergenceMs - b.convergenceMs)
  const of = (role: (typeof clients)[number]['role']) =>
    sorted.map((client) => (client.role === role ? client.convergenceMs : null))
  const roles = [
    ['editors', 'blue', of('editor')],
    ['observers', 'green', of('observer')],
    ['slow readers', 'orange', of('slow reader')],
  ] as const
  return {
    title: 'Convergence of each client',
    note: clients.every(({ convergenceMs, missing }) => convergenceMs === 0 && missing === 0)
      ? 'Every client had everything when the load ended.'
      : 'From the end of the load to the last edit that a client still lacked, fastest first.',
    x: { label: 'client', kind: 'number' },
    y: { label: 'ms' },
    xValues: sorted.map((_client, index) => index + 1),
    series: roles
      .filter(([, , values]) => values.some((value) => value !== null))
      .map(([label, color, values]) => ({ label, color, style: 'bars', values })),
  }
}

function serverPlots({ samples, serverFigures }: LoadReport): readonly Plot[] {
  if (serverFigures === undefined) return []
  return [
    {
      title: 'The server',
      note: 'Memory that its process has resident, and its share of one core.',
      x: seconds,
      y: { label: 'MiB' },
      right: { label: '% of a core' },
      xValues: samples.map(({ atMs }) => atMs / 1_000),
      series: [
        {
          label: 'memory',
          color: 'violet',
          style: 'area',
          values: samples.map(({ residentBytes }) =>
            residentBytes === undefined ? null : residentBytes / 1_048_576,
          ),
        },
        {
          label: 'processor',
          color: 'orange',
          style: 'line',
          isOnRight: true,
          values: samples.map(({ serverCpu }) =>
            serverCpu === undefined ? null : Math.round(serverCpu * 100),
          ),
        },
      ],
    },
  ]
}

function connectionsPlot({ samples, plan }: LoadReport): Plot {
  const presence: PlotSeries = {
    label: 'presence a second',
    color: 'violet',
    style: 'line',
    isOnRight: true,
    values: samples.map(({ presencePerSecond }) => Math.round(presencePerSecond)),
  }
  const hasPresence = plan.presenceRate > 0
  return {
    title: 'Connections',
    note: 'Clients that were connected at the end of each second.',
    x: seconds,
    y: { label: 'connected' },
    ...(hasPresence ? { right: { label: 'presence a second' } } : {}),
    xValues: samples.map(({ atMs }) => atMs / 1_000),
    series: [
      {
        label: 'connected',
        color: 'green',
        style: 'area',
        values: samples.map(({ connected }) => connected),
      },
      ...(hasPresence ? [presence] : []),
    ],
  }
}

const seconds = { label: 'seconds', kind: 'seconds' } as const

function describeMix({ plan }: LoadReport): string {
  return Object.entries(plan.mix)
    .filter(([, weight]) => weight > 0)
    .map(([kind, weight]) => `${kind} ${weight}`)
    .join(', ')
}

function describeCloses({ closes }: LoadReport): string {
  if (closes.length === 0) return 'none'
  return closes.map(([code, times]) => `${times} with ${code}`).join(', ')
}
