import type { LatencySummary } from './latencies.js'
import type { LoadPlan } from './load-plan.js'
import type { Machine } from './machine.js'
import type { ClientResult, LatencyKind } from './worker-messages.js'

/** One second of a run, over all its processes; `p50` and `p99` are milliseconds from edit to screen. */
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

/** What the server's process used over the run; memory in bytes. */
export interface ServerFigures {
  /** Milliseconds of processor time. */
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
  /** What the server calls itself, or its address. */
  readonly server: string
  /** Names of the link classes; undefined where clients went straight, or where they have no names. */
  readonly link: string | undefined
  readonly packetLossPercent: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly machine: Machine
  readonly plan: Omit<LoadPlan, 'trace'> & { readonly trace: boolean }
  /** Whether every client has every edit in the end, and whatever else docs/LOAD.md asks for. */
  readonly converged: boolean
  /** One sentence for each reason why not. */
  readonly problems: readonly string[]
  /** Edits made, all editors together. */
  readonly edits: number
  /** Edits that reached a client other than their author, each once for each client. */
  readonly delivered: number
  /** Deliveries that a run has in which nothing is lost. */
  readonly expected: number
  /** Milliseconds from the begin of the load to the last delivery. */
  readonly elapsedMs: number
  readonly deliveredPerSecond: number
  /** Updates of their own that authors got back. */
  readonly echoed: number
  /** Edits that reached a client again. */
  readonly repeated: number
  readonly acknowledged: number
  readonly rejected: number
  readonly presenceSent: number
  readonly presenceDelivered: number
  /** Connections that were opened, those that came back counted again. */
  readonly connections: number
  /** Connections that the server or the network ended, by close code. */
  readonly closes: readonly (readonly [code: number, count: number])[]
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Milliseconds from when an edit or a move was due; slow readers are left out. */
  readonly latency: Readonly<Record<LatencyKind, LatencySummary>>
  /** Percentiles of the same and their milliseconds, for a plot; empty where nothing was measured. */
  readonly curves: Readonly<Record<LatencyKind, readonly (readonly [number, number])[]>>
  /** One for each second. */
  readonly samples: readonly LoadSample[]
  readonly clients: readonly ClientResult[]
  /** undefined where the server's process is not known. */
  readonly serverFigures: ServerFigures | undefined
  /** Of the processes that made the load: the share of one core that the busiest used. */
  readonly loadCpuShare: number
  /** Microseconds of the load side's processor time for each edit that reached a client. */
  readonly loadCpuUsPerDelivery: number
}
