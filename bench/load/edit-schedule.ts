export interface ScheduleOptions {
  /** Editors of all documents together. */
  readonly editors: number
  /** Edits a second of each editor; undefined sends `editsEach` as fast as they are taken. */
  readonly rate: number | undefined
  readonly durationMs: number
  /** Milliseconds over which the rate grows from nothing to `rate`. */
  readonly rampMs: number
  /** Edits of each editor where there is no rate. */
  readonly editsEach: number
}

/**
 * When each edit of a run is due. The load is open loop: an edit is due at its time whether or not
 * the server keeps up, and latency counts from that time. So a server that stalls is charged for
 * every edit that should have been made meanwhile (coordinated omission, as Gil Tene calls it).
 *
 * Times are milliseconds since the load began. The editors take turns, so that their edits are
 * spread evenly over time.
 */
export class EditSchedule {
  /** How many edits each editor makes. */
  readonly editsEach: number
  readonly #editors: number
  /** Edits a millisecond, of all editors together; 0 where everything is due at once. */
  readonly #perMs: number
  readonly #rampMs: number

  constructor({ editors, rate, durationMs, rampMs, editsEach }: ScheduleOptions) {
    this.#editors = editors
    this.#rampMs = Math.min(rampMs, durationMs)
    this.#perMs = rate === undefined ? 0 : (rate * editors) / 1_000
    this.editsEach =
      rate === undefined
        ? editsEach
        : Math.floor((rate * (durationMs - this.#rampMs / 2)) / 1_000 + 1e-9)
  }

  /** When edit number `edit` of editor number `editor` is due; both count from 0. */
  dueAt(editor: number, edit: number): number {
    if (this.#perMs === 0) return 0
    const before = edit * this.#editors + editor
    const inRamp = (this.#perMs * this.#rampMs) / 2
    if (before < inRamp) return Math.sqrt((2 * this.#rampMs * before) / this.#perMs)
    return before / this.#perMs + this.#rampMs / 2
  }

  /** How many edits of all editors together are due by `at`. */
  dueBy(at: number): number {
    const all = this.editsEach * this.#editors
    if (this.#perMs === 0) return at >= 0 ? all : 0
    if (at <= 0) return 0
    const inRamp = Math.min(at, this.#rampMs)
    const ramped = this.#rampMs === 0 ? 0 : (this.#perMs * inRamp * inRamp) / (2 * this.#rampMs)
    return Math.min(all, Math.floor(ramped + this.#perMs * Math.max(0, at - this.#rampMs)))
  }
}
