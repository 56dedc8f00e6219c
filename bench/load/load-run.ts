import type { Environment, Timer } from '../../runtime/environment.js'
import { Latencies } from './latencies.js'
import type { Links } from './links.js'
import { checkPlan, clientsOf, type LoadPlan } from './load-plan.js'
import type { LoadReport, LoadSample, ServerFigures } from './load-report.js'
import type { LoadTarget } from './load-target.js'
import { LoadWorker } from './load-workers.js'
import { describeMachine } from './machine.js'
import { type ProcessUsage, readProcessUsage } from './process-usage.js'
import { SampleMerger } from './sample-merger.js'
import type { LatencyKind, WorkerResult } from './worker-messages.js'

export interface LoadRunOptions {
  readonly environment: Environment
  readonly plan: LoadPlan
  readonly target: LoadTarget
  readonly title: string
  /** What the server calls itself, for the report. */
  readonly server: string
  /** Process of the server, whose use of processor and memory is read; undefined reads none. */
  readonly pid?: number | undefined
  readonly link?: string | undefined
  readonly packetLossPercent?: number
  /** Between the clients and the server; healed when the load is over. */
  readonly links?: Links | undefined
  readonly onSample?: (sample: LoadSample) => void
  readonly signal?: AbortSignal | undefined
}

/** The load begins so long after the order, so that every process has it by then. */
const leadMs = 200

/**
 * Makes a load and says what came of it. A report that did not converge is a report all the same.
 * @throws Error where clients cannot join, or a process that makes load fails
 */
export async function runLoad(options: LoadRunOptions): Promise<LoadReport> {
  const { environment, plan, target, pid, signal, links } = options
  checkPlan(plan)
  const startedAt = new Date(environment.wallClock()).toISOString()
  const machine = describeMachine()
  const usage = async (): Promise<ProcessUsage | undefined> =>
    pid === undefined ? undefined : readProcessUsage(pid)
  const merger = new SampleMerger(plan.workers, usage, options.onSample)
  const workers = Array.from({ length: plan.workers }, (_, worker) => {
    return new LoadWorker(environment, (sample) => merger.add(worker, sample))
  })
  const onAbort = (): void => {
    for (const worker of workers) worker.stop()
  }
  signal?.addEventListener('abort', onAbort)
  let healing: Timer | undefined
  try {
    const opened: (readonly string[])[] = []
    for (const worker of workers.keys()) {
      opened.push((await links?.open(clientsOf(plan, worker).length)) ?? [])
    }
    await Promise.all(
      workers.map(async (process, worker) => {
        await process.prepare({ plan, target, worker, links: opened[worker] ?? [] })
      }),
    )
    await Promise.all(workers.map((worker) => worker.connect()))
    const before = await usage()
    const at = environment.now() + leadMs
    if (links !== undefined) {
      healing = environment.setTimer(() => links.heal(), leadMs + plan.durationMs)
    }
    const results = await Promise.all(workers.map((worker) => worker.run(at)))
    const after = await usage()
    const samples = await merger.finish()
    const described = describe(options, results)
    const figures = serverFigures(before, after, described.delivered, environment.now() - at)
    return { ...described, startedAt, machine, samples, serverFigures: figures }
  } finally {
    healing?.cancel()
    signal?.removeEventListener('abort', onAbort)
    for (const worker of workers) worker.end()
  }
}

function describe(
  options: LoadRunOptions,
  results: readonly WorkerResult[],
): Omit<LoadReport, 'startedAt' | 'machine' | 'samples' | 'serverFigures'> {
  const { plan, title, server, link, packetLossPercent = 0 } = options
  const sum = (read: (result: WorkerResult) => number): number =>
    results.reduce((total, result) => total + read(result), 0)
  const problems = results.flatMap((result) => result.problems)
  const delivered = sum((result) => result.delivered)
  const elapsedMs = Math.max(1, ...results.map(({ lastDeliveryMs }) => lastDeliveryMs))
  const closes = new Map<number, number>()
  for (const [code, count] of results.flatMap((result) => result.closes)) {
    closes.set(code, (closes.get(code) ?? 0) + count)
  }
  return {
    kind: 'load',
    title,
    server,
    link,
    packetLossPercent,
    plan: { ...plan, trace: plan.trace !== undefined },
    converged: problems.length === 0,
    problems,
    edits: sum((result) => result.edits),
    delivered,
    expected: sum((result) => result.expected),
    elapsedMs,
    deliveredPerSecond: (delivered / elapsedMs) * 1_000,
    echoed: sum((result) => result.echoed),
    repeated: sum((result) => result.repeated),
    acknowledged: sum((result) => result.acknowledged),
    rejected: sum((result) => result.rejected),
    presenceSent: sum((result) => result.presenceSent),
    presenceDelivered: sum((result) => result.presenceDelivered),
    connections: sum((result) => result.connections),
    closes: [...closes],
    bytesReceived: sum((result) => result.bytesReceived),
    bytesSent: sum((result) => result.bytesSent),
    ...describeLatencies(results),
    clients: results.flatMap((result) => result.clients),
    loadCpuShare: Math.max(...results.map(({ cpuMs }) => cpuMs)) / elapsedMs,
    loadCpuUsPerDelivery: (sum((result) => result.cpuMs) * 1_000) / Math.max(1, delivered),
  }
}

function describeLatencies(
  results: readonly WorkerResult[],
): Pick<LoadReport, 'latency' | 'curves'> {
  const merged = (kind: LatencyKind): Latencies => {
    const latencies = new Latencies()
    for (const result of results) latencies.add(result.latencies[kind])
    return latencies
  }
  const delivery = merged('delivery')
  const acknowledge = merged('acknowledge')
  const presence = merged('presence')
  const reconnect = merged('reconnect')
  const join = merged('join')
  const lateness = merged('lateness')
  const kinds = { delivery, acknowledge, presence, reconnect, join, lateness }
  return {
    latency: mapValues(kinds, (latencies) => latencies.summary()),
    curves: mapValues(kinds, (latencies) => latencies.curve()),
  }
}

function mapValues<Value>(
  kinds: Readonly<Record<LatencyKind, Latencies>>,
  read: (latencies: Latencies) => Value,
): Readonly<Record<LatencyKind, Value>> {
  return {
    delivery: read(kinds.delivery),
    acknowledge: read(kinds.acknowledge),
    presence: read(kinds.presence),
    reconnect: read(kinds.reconnect),
    join: read(kinds.join),
    lateness: read(kinds.lateness),
  }
}

function serverFigures(
  before: ProcessUsage | undefined,
  after: ProcessUsage | undefined,
  delivered: number,
  elapsedMs: number,
): ServerFigures | undefined {
  if (before === undefined || after === undefined) return undefined
  const cpuMs = after.cpuMs - before.cpuMs
  return {
    cpuMs,
    cpuShare: cpuMs / elapsedMs,
    cpuUsPerDelivery: (cpuMs * 1_000) / Math.max(1, delivered),
    residentBytesBefore: before.residentBytes,
    residentBytesAfter: after.residentBytes,
    peakResidentBytes: after.peakResidentBytes,
  }
}
