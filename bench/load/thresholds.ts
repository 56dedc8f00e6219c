import type { LoadReport } from './load-report.js'

/** What a run must keep to; each may be left out. */
export interface Thresholds {
  /** Milliseconds from edit to screen, of all but the slowest hundredth. */
  readonly maxP99?: number | undefined
  /** Milliseconds from edit to acknowledgement, of all but the slowest hundredth. */
  readonly maxAckP99?: number | undefined
  /** Deliveries a second. */
  readonly minRate?: number | undefined
  /** Microseconds of server CPU for each delivery. */
  readonly maxCpu?: number | undefined
  /** MiB that the server has resident at its peak. */
  readonly maxMemory?: number | undefined
}

/** One sentence for each threshold that a run does not keep to, or that it cannot be held to. */
export function passedThresholds(report: LoadReport, limits: Thresholds): readonly string[] {
  const { latency, serverFigures: server } = report
  const hasAcknowledged = latency.acknowledge.count > 0
  return [
    ...above('p99 from edit to screen', latency.delivery.p99, limits.maxP99, 'ms'),
    ...above(
      'p99 from edit to acknowledgement',
      hasAcknowledged ? latency.acknowledge.p99 : undefined,
      limits.maxAckP99,
      'ms',
    ),
    ...above('server CPU a delivery', server?.cpuUsPerDelivery, limits.maxCpu, 'us'),
    ...above(
      'peak memory of the server',
      server === undefined ? undefined : server.peakResidentBytes / 1_048_576,
      limits.maxMemory,
      'MiB',
    ),
    ...(limits.minRate === undefined || report.deliveredPerSecond >= limits.minRate
      ? []
      : [
          `${Math.round(report.deliveredPerSecond)} deliveries/s, at least ${limits.minRate} asked`,
        ]),
  ]
}

function above(
  what: string,
  value: number | undefined,
  limit: number | undefined,
  unit: string,
): readonly string[] {
  if (limit === undefined) return []
  if (value === undefined) return [`${what} was not measured, at most ${limit} ${unit} are asked`]
  if (value <= limit) return []
  return [`${what} was ${value.toFixed(2)} ${unit}, at most ${limit} ${unit} are asked`]
}
