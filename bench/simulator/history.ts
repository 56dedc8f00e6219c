import type { VirtualTime } from '../../runtime/virtual-time.js'

/** What somebody was in for a while; times are simulated milliseconds. */
export interface HistorySpan {
  readonly fromMs: number
  readonly toMs: number
  /** `up`: it ran, or was connected. `trouble`: something was wrong with it. */
  readonly kind: 'up' | 'trouble'
  readonly what: string
}

/** A machine or a client, with what it was in over a run, oldest first. */
export interface HistoryLane {
  readonly name: string
  readonly spans: readonly HistorySpan[]
}

/** One whose end may not be known yet. */
type OpenSpan = Omit<HistorySpan, 'toMs'> & { toMs: number | undefined }

/** Keeps what one machine or client is in, for reports. */
export class History {
  readonly name: string
  readonly #time: VirtualTime
  readonly #spans: OpenSpan[] = []

  constructor(name: string, time: VirtualTime) {
    this.name = name
    this.#time = time
  }

  /**
   * It is in something from now on, until the function that is returned is called, or until it is in
   * another of the kind: who vanished has said nothing.
   */
  begin(kind: HistorySpan['kind'], what: string): () => void {
    for (const before of this.#spans) if (before.kind === kind) before.toMs ??= this.#time.now
    const span: OpenSpan = { fromMs: this.#time.now, toMs: undefined, kind, what }
    this.#spans.push(span)
    return () => {
      span.toMs ??= this.#time.now
    }
  }

  /** It is in something from now on for `lastsMs`, if nothing heals before. */
  add(what: string, lastsMs: number): void {
    const fromMs = this.#time.now
    this.#spans.push({ fromMs, toMs: fromMs + lastsMs, kind: 'trouble', what })
  }

  /** Everything that is wrong is over. */
  heal(): void {
    const { now } = this.#time
    for (const span of this.#spans) {
      if (span.kind === 'trouble') span.toMs = Math.min(span.toMs ?? now, now)
    }
  }

  /** What was, and what is, until now. */
  get lane(): HistoryLane {
    const { now } = this.#time
    const spans = this.#spans.map(({ toMs, ...span }) => ({
      ...span,
      toMs: Math.min(toMs ?? now, now),
    }))
    return { name: this.name, spans }
  }
}
