import type { LoadPlan } from './load-plan.js'
import type { LoadTarget } from './load-target.js'

/** What the command tells a process that makes load. */
export type WorkerOrder =
  | {
      readonly type: 'prepare'
      readonly plan: LoadPlan
      readonly target: LoadTarget
      readonly worker: number
      /** Addresses of the links, one for each client of this process; none goes straight. */
      readonly links: readonly string[]
    }
  | { readonly type: 'tell-time' }
  | { readonly type: 'connect' }
  /** @param at on the clock of the process that is told */
  | { readonly type: 'start'; readonly at: number }
  | { readonly type: 'stop' }

/** What such a process answers. */
export type WorkerNews =
  | { readonly type: 'prepared' }
  | { readonly type: 'time'; readonly now: number }
  | { readonly type: 'connected' }
  | { readonly type: 'sample'; readonly sample: WorkerSample }
  | { readonly type: 'finished'; readonly result: WorkerResult }
  | { readonly type: 'failed'; readonly reason: string }

/** What happened since the sample before. */
export interface WorkerSample {
  /** Milliseconds since the load began. */
  readonly atMs: number
  readonly delivered: number
  readonly presenceDelivered: number
  /** Edits that are due at their receivers and have not come. */
  readonly lag: number
  readonly connected: number
  /** Latencies, as `Latencies.encode` gives them. */
  readonly latency: string
}

/** How one client of a load ended. */
export interface ClientResult {
  readonly document: string
  readonly role: 'editor' | 'observer' | 'slow reader'
  /** Milliseconds from the end of the load to the last edit that it lacked; 0 if none was left. */
  readonly convergenceMs: number
  /** Edits that it still lacks. */
  readonly missing: number
}

export interface WorkerResult {
  readonly clients: readonly ClientResult[]
  readonly problems: readonly string[]
  readonly edits: number
  readonly delivered: number
  readonly expected: number
  readonly echoed: number
  readonly repeated: number
  readonly acknowledged: number
  readonly rejected: number
  readonly presenceSent: number
  readonly presenceDelivered: number
  readonly connections: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly closes: readonly (readonly [code: number, count: number])[]
  /** Milliseconds from the begin of the load to the last delivery. */
  readonly lastDeliveryMs: number
  /** Processor time of this process while the load ran, in milliseconds. */
  readonly cpuMs: number
  readonly latencies: Readonly<Record<LatencyKind, string>>
}

export type LatencyKind =
  | 'delivery'
  | 'acknowledge'
  | 'presence'
  | 'reconnect'
  | 'join'
  | 'lateness'
