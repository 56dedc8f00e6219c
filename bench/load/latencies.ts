import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'

/** Percentiles of times, in milliseconds. */
export interface LatencySummary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

const largestUs = 3_600_000_000
/** The percentiles of a distribution plot, closer together towards the end. */
const plotted = [
  0, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96.25, 97.5, 98, 98.75, 99, 99.5,
  99.75, 99.9, 99.95, 99.99, 99.995, 99.999, 100,
]

/** Times from a microsecond to an hour with three significant digits, at a constant cost each. */
export class Latencies {
  #histogram: Histogram = emptyHistogram()

  /** @param ms also a negative one, which clocks of two processes can give, counts as the least */
  record(ms: number): void {
    const us = ms * 1_000
    this.#histogram.recordValue(us < 1 ? 1 : us > largestUs ? largestUs : Math.round(us))
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** Adds what `encode` gave elsewhere; nothing is lost by adding. */
  add(encoded: string): void {
    this.#histogram.add(decodeFromCompressedBase64(encoded))
  }

  /** A compact text for another process. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }

  clear(): void {
    this.#histogram.reset()
  }

  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percent) / 1_000
  }

  summary(): LatencySummary {
    return {
      count: this.count,
      mean: this.count === 0 ? 0 : this.#histogram.mean / 1_000,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p99: this.percentile(99),
      p999: this.percentile(99.9),
      max: this.percentile(100),
    }
  }

  /** Percentiles and their times, for a plot; empty where nothing was recorded. */
  curve(): readonly (readonly [percent: number, ms: number])[] {
    return this.count === 0 ? [] : plotted.map((percent) => [percent, this.percentile(percent)])
  }
}

function emptyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: largestUs,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  })
}
