/** One thing that happened, for people. */
export interface TraceLine {
  /** Simulated milliseconds. */
  readonly at: number
  readonly what: string
}

/**
 * A fingerprint of everything that happened in a run, in order, and the last of it in words. Two runs
 * of one seed must end with the same fingerprint; where they differ, something took part in the
 * simulation that the seed does not decide.
 */
export class EventTrace {
  readonly #tail: TraceLine[] = []
  readonly #keep: number
  #high = 0x811c9dc5
  #low = 0x01000193
  #count = 0

  /** @param keep how many lines are kept for people */
  constructor(keep = 80) {
    this.#keep = keep
  }

  /** Events taken in. */
  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    const hex = (part: number) => (part >>> 0).toString(16).padStart(8, '0')
    return hex(this.#high) + hex(this.#low)
  }

  /** The last lines, oldest first. */
  get tail(): readonly TraceLine[] {
    return this.#tail.slice(-this.#keep)
  }

  /** Takes in an event that is not worth a line. */
  event(at: number, order: number): void {
    this.#count++
    this.#mix(Math.floor(at * 1_000))
    this.#mix(order)
  }

  /** Takes in something worth a line. */
  note(at: number, what: string): void {
    this.#mix(Math.floor(at * 1_000))
    for (let index = 0; index < what.length; index++) this.#mix(what.charCodeAt(index))
    this.#tail.push({ at, what })
    if (this.#tail.length > 2 * this.#keep) this.#tail.splice(0, this.#keep)
  }

  /** Two lanes of a multiply-and-rotate hash; only equality matters. */
  #mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x85ebca6b)
    this.#high ^= this.#high >>> 13
    this.#low = Math.imul((this.#low << 5) ^ (this.#low >>> 27) ^ value, 0xc2b2ae35)
    this.#low ^= this.#low >>> 16
  }
}
