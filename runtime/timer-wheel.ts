import type { Environment, Timer } from './environment.js'

export interface TimerWheelOptions {
  /** Times are rounded up to multiples of this. @default 20 */
  readonly resolutionMs?: number
  /** Slots of the wheel. What is due after more ticks than that is looked at once a turn. @default 1,024 */
  readonly slots?: number
}

/**
 * Many things to do at some time, on one timer of the environment: a hashed timing wheel (Varghese
 * and Lauck, "Hashed and hierarchical timing wheels", 1987). Setting, moving and cancelling cost the
 * same however many there are, and while nothing is due nothing runs.
 */
export class TimerWheel {
  readonly #environment: Environment
  readonly #resolutionMs: number
  readonly #slots: readonly Set<WheelTask>[]
  /** The tick that was looked at last. */
  #tick: number
  #timer: Timer | undefined
  #wakeTick = Number.POSITIVE_INFINITY
  #isRunning = false

  constructor(environment: Environment, options: TimerWheelOptions = {}) {
    const { resolutionMs = 20, slots = 1_024 } = options
    this.#environment = environment
    this.#resolutionMs = resolutionMs
    this.#slots = Array.from({ length: slots }, () => new Set<WheelTask>())
    this.#tick = Math.floor(environment.now() / resolutionMs)
  }

  /**
   * Something to do, not scheduled yet. `run` is called with the time it is, never before it is due.
   * What it throws reaches the environment's timer; the other tasks run all the same.
   */
  task(run: (now: number) => void): WheelTask {
    return new WheelTask(run, (task, at) => this.#place(task, at))
  }

  /** Cancels the timer and forgets what was scheduled. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakeTick = Number.POSITIVE_INFINITY
    for (const slot of this.#slots) for (const task of [...slot]) task.cancel()
  }

  #place(task: WheelTask, at: number): Set<WheelTask> {
    task.tick = Math.max(this.#tick + 1, Math.ceil(at / this.#resolutionMs))
    const slot = this.#slotOf(task.tick).add(task)
    if (!this.#isRunning && task.tick < this.#wakeTick) this.#wakeAt(task.tick)
    return slot
  }

  #slotOf(tick: number): Set<WheelTask> {
    const slot = this.#slots[tick % this.#slots.length]
    if (slot === undefined) throw new RangeError(`expected a tick that is an integer, got ${tick}`)
    return slot
  }

  #wakeAt(tick: number): void {
    this.#timer?.cancel()
    this.#wakeTick = tick
    const delay = tick * this.#resolutionMs - this.#environment.now()
    this.#timer = this.#environment.setTimer(() => this.#run(), Math.max(0, delay))
  }

  #run(): void {
    const now = this.#environment.now()
    const end = Math.floor(now / this.#resolutionMs)
    // After a pause longer than a turn each slot is looked at once.
    this.#tick = Math.max(this.#tick, end - this.#slots.length)
    this.#isRunning = true
    try {
      while (this.#tick < end) {
        this.#tick++
        for (const task of this.#slotOf(this.#tick)) if (task.tick <= end) task.fire(now)
      }
    } catch (error) {
      // The rest of the slot has its turn at once.
      this.#tick--
      throw error
    } finally {
      this.#isRunning = false
      this.#timer = undefined
      this.#wakeTick = Number.POSITIVE_INFINITY
      this.#sleep()
    }
  }

  /** Sets the timer for the next slot that holds anything, be it for a later turn. */
  #sleep(): void {
    for (let ahead = 1; ahead <= this.#slots.length; ahead++) {
      if (this.#slotOf(this.#tick + ahead).size === 0) continue
      this.#wakeAt(this.#tick + ahead)
      return
    }
  }
}

/** One thing that a wheel does when its time has come; made by `TimerWheel.task`. */
export class WheelTask {
  /** The tick at which it is due; without meaning while it is not scheduled. */
  tick = 0
  readonly #run: (now: number) => void
  readonly #place: (task: WheelTask, at: number) => Set<WheelTask>
  #slot: Set<WheelTask> | undefined

  constructor(run: (now: number) => void, place: (task: WheelTask, at: number) => Set<WheelTask>) {
    this.#run = run
    this.#place = place
  }

  get isScheduled(): boolean {
    return this.#slot !== undefined
  }

  /** Runs it once at `at`, in milliseconds of `now()`, instead of when it was due so far. */
  scheduleAt(at: number): void {
    this.cancel()
    this.#slot = this.#place(this, at)
  }

  /** Idempotent; it can be scheduled again. */
  cancel(): void {
    this.#slot?.delete(this)
    this.#slot = undefined
  }

  /** For the wheel. */
  fire(now: number): void {
    this.cancel()
    this.#run(now)
  }
}
