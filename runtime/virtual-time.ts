/** Something that will happen; `cancel` is idempotent and does nothing once it has happened. */
export interface Happening {
  cancel(): void
}

/** Told of each event before it runs: its time and the number under which it was scheduled. */
export type EventListener = (at: number, order: number) => void

/**
 * A clock that moves from event to event, and all that is going to happen on it, for simulations of
 * many seconds in few. Events run one at a time in the order of their times, and of their scheduling
 * where those are equal; after each one the promise reactions that it left behind run to the end.
 *
 * One turn of the real event loop costs 4 us, so one turn takes many `setImmediate` callbacks: Node
 * drains promise reactions after each of them, which comes to 0.2 us an event.
 */
export class VirtualTime {
  readonly #heap: ScheduledEvent[] = []
  #now = 0
  #order = 0
  #isStopped = false
  #onError: (error: unknown) => void = (error) => {
    throw error
  }
  #onEvent: EventListener = () => undefined

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  /** Whoever listens is called before each event. */
  listen(listeners: { onEvent: EventListener; onError: (error: unknown) => void }): void {
    this.#onEvent = listeners.onEvent
    this.#onError = listeners.onError
  }

  /** Runs `callback` at `at`, or next where that is past. */
  at(at: number, callback: () => void): Happening {
    const event = new ScheduledEvent(Math.max(at, this.#now), this.#order++, callback)
    push(this.#heap, event)
    return event
  }

  after(delayMs: number, callback: () => void): Happening {
    return this.at(this.#now + delayMs, callback)
  }

  /** Resolves `delayMs` later. */
  pass(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** Ends `run` after the event at hand. */
  stop(): void {
    this.#isStopped = true
  }

  /** Runs until `stop`, or until nothing is left to happen. */
  run(): Promise<void> {
    this.#isStopped = false
    return new Promise((resolve) => {
      const step = (): void => {
        if (!this.#isStopped && !this.#runNext()) this.#isStopped = true
      }
      const turn = (): void => {
        step()
        if (this.#isStopped) resolve()
        else startTurn()
      }
      const startTurn = (): void => {
        for (let index = 1; index < eventsInTurn; index++) setImmediate(step)
        setImmediate(turn)
      }
      startTurn()
    })
  }

  #runNext(): boolean {
    for (;;) {
      const event = pop(this.#heap)
      if (event === undefined) return false
      const { callback } = event
      if (callback === undefined) continue
      this.#now = event.at
      event.callback = undefined
      this.#onEvent(event.at, event.order)
      try {
        callback()
      } catch (error) {
        this.#onError(error)
      }
      return true
    }
  }
}

const eventsInTurn = 64

class ScheduledEvent implements Happening {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined

  constructor(at: number, order: number, callback: () => void) {
    this.at = at
    this.order = order
    this.callback = callback
  }

  cancel(): void {
    this.callback = undefined
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: ScheduledEvent[], event: ScheduledEvent): void {
  let index = heap.length
  heap.push(event)
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (parent === undefined || !isBefore(event, parent)) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = event
}

function pop(heap: ScheduledEvent[]): ScheduledEvent | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    const isRight = right !== undefined && left !== undefined && isBefore(right, left)
    const child = isRight ? right : left
    if (child === undefined || !isBefore(child, last)) break
    heap[index] = child
    index = 2 * index + (isRight ? 2 : 1)
  }
  heap[index] = last
  return first
}
