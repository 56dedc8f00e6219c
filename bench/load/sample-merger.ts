import { Latencies } from './latencies.js'
import type { LoadSample } from './load-report.js'
import type { ProcessUsage } from './process-usage.js'
import type { WorkerSample } from './worker-messages.js'

/** Puts the samples of several processes together, second by second. */
export class SampleMerger {
  readonly #readUsage: () => Promise<ProcessUsage | undefined>
  readonly #onSample: (sample: LoadSample) => void
  readonly #waiting: WorkerSample[][]
  readonly #samples: LoadSample[] = []
  #work: Promise<void> = Promise.resolve()
  #last: { readonly atMs: number; readonly cpuMs: number | undefined } = {
    atMs: 0,
    cpuMs: undefined,
  }

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
      const sample = this.#merge(parts, await this.#readUsage())
      this.#samples.push(sample)
      this.#onSample(sample)
    })
  }

  #merge(parts: readonly WorkerSample[], usage: ProcessUsage | undefined): LoadSample {
    const sum = (read: (sample: WorkerSample) => number): number =>
      parts.reduce((total, part) => total + read(part), 0)
    const atMs = sum((part) => part.atMs) / Math.max(1, parts.length)
    const passedMs = Math.max(1, atMs - this.#last.atMs)
    const latencies = new Latencies()
    for (const { latency } of parts) latencies.add(latency)
    const { cpuMs } = this.#last
    this.#last = { atMs, cpuMs: usage?.cpuMs }
    return {
      atMs,
      deliveredPerSecond: (sum((part) => part.delivered) / passedMs) * 1_000,
      presencePerSecond: (sum((part) => part.presenceDelivered) / passedMs) * 1_000,
      lag: sum((part) => part.lag),
      connected: sum((part) => part.connected),
      p50: latencies.percentile(50),
      p99: latencies.percentile(99),
      residentBytes: usage?.residentBytes,
      serverCpu:
        usage === undefined || cpuMs === undefined ? undefined : (usage.cpuMs - cpuMs) / passedMs,
    }
  }
}
