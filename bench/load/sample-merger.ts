import { Latencies } from './latencies.js'
import type { LoadSample } from './load-report.js'
import type { ProcessUsage } from './process-usage.js'
import type { WorkerSample } from './worker-messages.js'

/** What is left at the end of a run may be too short for a rate; it counts to the sample before. */
const shortestMs = 500

/** Where a sample began. */
interface Begin {
  readonly atMs: number
  readonly cpuMs: number | undefined
}

/** Puts the samples of several processes together, second by second. */
export class SampleMerger {
  readonly #readUsage: () => Promise<ProcessUsage | undefined>
  readonly #onSample: (sample: LoadSample) => void
  readonly #waiting: WorkerSample[][]
  readonly #samples: LoadSample[] = []
  /** What the last sample was made of, and where it began. */
  #parts: readonly WorkerSample[] = []
  #begin: Begin = { atMs: 0, cpuMs: undefined }
  #end: Begin = { atMs: 0, cpuMs: undefined }
  #work: Promise<void> = Promise.resolve()

  constructor(
    workers: number,
    readUsage: () => Promise<ProcessUsage | undefined>,
    onSample: (sample: LoadSample) => void = () => undefined,
  ) {
    this.#readUsage = readUsage
    this.#onSample = onSample
    this.#waiting = Array.from({ length: workers }, () => [])
  }

  add(worker: number, sample: WorkerSample): void {
    this.#waiting[worker]?.push(sample)
    if (this.#waiting.every((samples) => samples.length > 0)) this.#mergeNext()
  }

  /** All samples, also of processes that had more of them than others. */
  async finish(): Promise<readonly LoadSample[]> {
    while (this.#waiting.some((samples) => samples.length > 0)) this.#mergeNext()
    await this.#work
    return this.#samples
  }

  #mergeNext(): void {
    const parts = this.#waiting.flatMap((samples) => samples.shift() ?? [])
    this.#work = this.#work.then(async () => {
      const usage = await this.#readUsage()
      const atMs = Math.max(...parts.map((part) => part.atMs))
      const isRest = this.#samples.length > 0 && atMs - this.#end.atMs < shortestMs
      if (isRest) this.#samples.pop()
      else this.#begin = this.#end
      this.#parts = isRest ? [...this.#parts, ...parts] : parts
      this.#end = { atMs, cpuMs: usage?.cpuMs }
      const sample = this.#merge(parts, usage)
      this.#samples.push(sample)
      if (!isRest) this.#onSample(sample)
    })
  }

  /** @param latest say how things stand now; rates and latencies are over all parts */
  #merge(latest: readonly WorkerSample[], usage: ProcessUsage | undefined): LoadSample {
    const { atMs } = this.#end
    const passedMs = Math.max(1, atMs - this.#begin.atMs)
    const latencies = new Latencies()
    for (const { latency } of this.#parts) latencies.add(latency)
    const { cpuMs } = this.#begin
    return {
      atMs,
      deliveredPerSecond: (sum(this.#parts, 'delivered') / passedMs) * 1_000,
      presencePerSecond: (sum(this.#parts, 'presenceDelivered') / passedMs) * 1_000,
      lag: sum(latest, 'lag'),
      connected: sum(latest, 'connected'),
      p50: latencies.percentile(50),
      p99: latencies.percentile(99),
      residentBytes: usage?.residentBytes,
      serverCpu:
        usage === undefined || cpuMs === undefined ? undefined : (usage.cpuMs - cpuMs) / passedMs,
    }
  }
}

function sum(
  parts: readonly WorkerSample[],
  field: 'delivered' | 'presenceDelivered' | 'lag' | 'connected',
): number {
  return parts.reduce((total, part) => total + part[field], 0)
}
