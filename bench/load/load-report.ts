import type { LatencySummary } from './latencies.js'
import type { LoadPlan } from './load-plan.js'
import type { Machine } from './machine.js'
import type { ClientResult, LatencyKind } from './worker-messages.js'

/** One second of a run, over all its processes. */
export interface LoadSample {
  /** Milliseconds since the load began. */
  readonly atMs: number
  readonly deliveredPerSecond: number
  readonly presencePerSecond: number
  /** Edits that were due at their receivers and had not come. */
  readonly lag: number
  readonly connected: number
  readonly p50: number
  readonly p99: number
  /** Of the server; undefined where it is not known. */
  readonly residentBytes: number | undefined
  /** Share of one core that the server used; undefined where it is not known. */
  readonly serverCpu: number | undefined
}

export interface ServerFigures {
  readonly cpuMs: number
  /** Share of one core over the run. */
  readonly cpuShare: number
  /** Microseconds of processor time for each edit that reached a client. */
  readonly cpuUsPerDelivery: number
  readonly residentBytesBefore: number
  readonly residentBytesAfter: number
  readonly peakResidentBytes: number
}

/** Everything that a run says; what `--out` writes as JSON. */
export interface LoadReport {
  readonly kind: 'load'
  readonly title: string
  readonly server: string
  readonly link: string | undefined
  readonly packetLossPercent: number
  readonly startedAt: string
  readonly machine: Machine
  readonly plan: Omit<LoadPlan, 'trace'> & { readonly trace: boolean }
  readonly converged: boolean
  readonly problems: readonly string[]
  /** Edits made, all editors together. */
  readonly edits: number
  readonly delivered: number
  /** Deliveries that a run has in which nothing is lost. */
  readonly expected: number
  /** From the begin of the load to the last delivery. */
  readonly elapsedMs: number
  readonly deliveredPerSecond: number
  readonly echoed: number
  readonly repeated: number
  readonly acknowledged: number
  readonly rejected: number
  readonly presenceSent: number
  readonly presenceDelivered: number
  readonly connections: number
  /** Connections that the server or the network ended, by close code. */
  readonly closes: readonly (readonly [code: number, count: number])[]
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Milliseconds from when an edit or a move was due; slow readers are left out. */
  readonly latency: Readonly<Record<LatencyKind, LatencySummary>>
  readonly curves: Readonly<Record<LatencyKind, readonly (readonly [number, number])[]>>
  readonly samples: readonly LoadSample[]
  readonly clients: readonly ClientResult[]
  /** undefined where the server's process is not known. */
  readonly serverFigures: ServerFigures | undefined
  /** Of the processes that made the load: the share of one core that the busiest used. */
  readonly loadCpuShare: number
  /** Microseconds of the load side's processor time for each edit that reached a client. */
  readonly loadCpuUsPerDelivery: number
}
