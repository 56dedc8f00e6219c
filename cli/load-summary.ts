import type { LatencySummary } from '../bench/load/latencies.js'
import type { LoadReport, LoadSample } from '../bench/load/load-report.js'
import { count, megabytes, milliseconds, percent } from '../bench/report/figure-format.js'
import { formatTable } from './format.js'

/** A load side that uses more than this share of a core may be what a figure shows. */
const busyShare = 0.8

/** One line for the time while a load runs. */
export function describeSample(sample: LoadSample): string {
  const { atMs, deliveredPerSecond, p50, p99, connected, lag } = sample
  return (
    `${(atMs / 1_000).toFixed(0)} s: ${count(deliveredPerSecond)}/s delivered, ` +
    `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, ${count(connected)} connected, ` +
    `lag ${count(lag)}`
  )
}

/** The table that stands at the end of a load. */
export function describeLoad(report: LoadReport): string {
  const { latency, serverFigures: server } = report
  const rows: string[][] = [
    ['delivered', `${count(report.delivered)} of ${count(report.expected)}`],
    ['deliveries/s', count(report.deliveredPerSecond)],
    ...latencyRow('edit to screen', latency.delivery),
    ...latencyRow('edit to acknowledge', latency.acknowledge),
    ...latencyRow('cursor to screen', latency.presence),
    ...latencyRow('back after a loss', latency.reconnect),
    ['bytes', `${megabytes(report.bytesReceived)} received, ${megabytes(report.bytesSent)} sent`],
  ]
  if (server === undefined) {
    rows.push(['server', 'its process is not known: no CPU and memory figures'])
  } else {
    const share = `${percent(server.cpuShare)} of a core`
    rows.push(
      ['server CPU', `${server.cpuUsPerDelivery.toFixed(2)} us a delivery, ${share}`],
      [
        'server memory',
        `${megabytes(server.residentBytesBefore)} before, ` +
          `${megabytes(server.peakResidentBytes)} peak`,
      ],
    )
  }
  rows.push([
    'load side',
    `${percent(report.loadCpuShare)} of a core, sent late by p99 ${milliseconds(latency.lateness.p99)}`,
  ])
  if (report.closes.length > 0) {
    const closes = report.closes.map(([code, times]) => `${times} with ${code}`)
    rows.push(['connections lost', closes.join(', ')])
  }
  rows.push(['converged', report.converged ? `yes, all ${count(report.clients.length)}` : 'NO'])
  return formatTable(rows) + warnings(report)
}

function latencyRow(what: string, summary: LatencySummary): string[][] {
  if (summary.count === 0) return []
  const { p50, p90, p99, max } = summary
  const figures = [
    ['p50', p50],
    ['p90', p90],
    ['p99', p99],
    ['max', max],
  ] as const
  return [[what, figures.map(([name, ms]) => `${name} ${milliseconds(ms)}`).join(', ')]]
}

function warnings({ loadCpuShare }: LoadReport): string {
  if (loadCpuShare < busyShare) return ''
  return (
    `The load side used ${percent(loadCpuShare)} of a core: it, and not the server, may be the ` +
    'limit here. Give it more processes with --workers.\n'
  )
}
