import { defaultPlan, type LoadPlan } from '../load/load-plan.js'
import type { LoadReport } from '../load/load-report.js'
import { count, megabytes, milliseconds, percent } from '../report/figure-format.js'
import type { Peer } from './peer.js'

/** One figure of a run, of which less is better, or more. */
export interface Measure {
  readonly name: string
  readonly better: 'less' | 'more'
  read(report: LoadReport): number | undefined
  format(value: number): string
}

/** One load that every server gets. The first measure is the one that ratios are made of. */
export interface Scenario {
  readonly id: string
  /** What is done, in one sentence. */
  readonly text: string
  readonly plan: LoadPlan
  readonly measures: readonly Measure[]
  /** Why a server has no part in it; undefined where it has. */
  excludes?(peer: Peer): string | undefined
}

const deliveryRate: Measure = {
  name: 'deliveries/s',
  better: 'more',
  read: (report) => report.deliveredPerSecond,
  format: count,
}
const cpu: Measure = {
  name: 'server CPU us/delivery',
  better: 'less',
  read: ({ serverFigures }) => serverFigures?.cpuUsPerDelivery,
  format: (value) => value.toFixed(2),
}
const cpuShare: Measure = {
  name: 'server CPU',
  better: 'less',
  read: ({ serverFigures }) => serverFigures?.cpuShare,
  format: percent,
}
const cpuPerMove: Measure = {
  name: 'server CPU us/move',
  better: 'less',
  read: ({ serverFigures, presenceSent }) =>
    serverFigures === undefined ? undefined : (serverFigures.cpuMs * 1_000) / presenceSent,
  format: count,
}
const memory: Measure = {
  name: 'peak memory',
  better: 'less',
  read: ({ serverFigures }) => serverFigures?.peakResidentBytes,
  format: megabytes,
}

function latency(kind: 'delivery' | 'presence' | 'reconnect' | 'acknowledge', percentile: string) {
  const field = percentile === 'p50' ? 'p50' : 'p99'
  return {
    name: `${kind} ${field}`,
    better: 'less',
    read: (report: LoadReport) =>
      report.latency[kind].count === 0 ? undefined : report.latency[kind][field],
    format: milliseconds,
  } as const satisfies Measure
}

const presencePerSecond: Measure = {
  name: 'cursors/s',
  better: 'more',
  read: (report) => (report.presenceDelivered / report.elapsedMs) * 1_000,
  format: count,
}

const keepsNothing = (peer: Peer): string | undefined =>
  peer.keepsDocuments ? undefined : 'keeps no document, so nobody who comes back gets one'

/** The scenarios of `cairn bench peers` that are loads; the cold open stands by itself. */
export function loadScenarios(seconds: number): readonly Scenario[] {
  const base: LoadPlan = {
    ...defaultPlan,
    durationMs: seconds * 1_000,
    rampMs: 0,
    settleMs: 20_000,
  }
  return [
    {
      id: 'fan-out',
      text: '100 clients of one document, 10 of them type 10 characters a second each',
      plan: { ...base, rate: 10 },
      measures: [cpu, latency('delivery', 'p50'), latency('delivery', 'p99'), cpuShare, memory],
    },
    {
      id: 'blast',
      text: '100 clients of one document, 10 of them send 500 edits each as fast as they are taken',
      plan: { ...base, rate: undefined, editsEach: 500 },
      measures: [deliveryRate, cpu, memory],
    },
    {
      id: 'cursors',
      text: '50 clients of one document, each moves its cursor 10 times a second and types once',
      plan: { ...base, editors: 50, observers: 0, rate: 1, presenceRate: 10 },
      measures: [
        cpuPerMove,
        cpuShare,
        presencePerSecond,
        latency('presence', 'p50'),
        latency('presence', 'p99'),
      ],
    },
    {
      id: 'many-documents',
      text: '200 documents with 3 clients each, of which 2 type twice a second',
      plan: { ...base, documents: 200, editors: 2, observers: 1, rate: 2 },
      measures: [cpu, latency('delivery', 'p50'), latency('delivery', 'p99'), cpuShare, memory],
    },
    {
      id: 'storm',
      text: '100 clients of one document lose their connections together, twice, while 10 type',
      plan: { ...base, rate: 5, storms: 2 },
      measures: [latency('reconnect', 'p99'), latency('reconnect', 'p50'), cpuShare, memory],
      excludes: keepsNothing,
    },
    {
      id: 'slow-reader',
      text: '20 of 40 clients stop reading while 10 others paste 5,000 characters 60 times a second',
      plan: {
        ...base,
        observers: 30,
        slowReaders: 20,
        rate: 60,
        mix: { type: 0, delete: 0, paste: 0, page: 1, map: 0 },
      },
      measures: [memory, latency('delivery', 'p50'), latency('delivery', 'p99')],
    },
    {
      id: 'acknowledge',
      text: '5 clients of one document type 20 characters a second each and wait for the word',
      plan: { ...base, editors: 5, observers: 1, rate: 20 },
      measures: [latency('acknowledge', 'p50'), latency('acknowledge', 'p99'), cpuShare],
      excludes: (peer) => (peer.acknowledges ? undefined : 'never says that it has an edit'),
    },
  ]
}
