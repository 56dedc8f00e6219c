/** Sections that wait for clocks of one client, the lowest clock first (a binary heap). */
export class ClockHeap {
  readonly #clocks: number[] = []
  readonly #sections: number[] = []

  push(clock: number, section: number): void {
    let index = this.#clocks.length
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (this.#clockAt(parent) <= clock) break
      this.#move(parent, index)
      index = parent
    }
    this.#clocks[index] = clock
    this.#sections[index] = section
  }

  /** Takes out one section that waits for a clock below `end`; undefined where none does. */
  popBelow(end: number): number | undefined {
    const top = this.#sections[0]
    if (top === undefined || this.#clockAt(0) >= end) return undefined
    const clock = this.#clocks.pop() ?? 0
    const section = this.#sections.pop() ?? 0
    if (this.#clocks.length > 0) this.#sink(clock, section)
    return top
  }

  /** Puts an entry into the empty top and moves it down to its place. */
  #sink(clock: number, section: number): void {
    const count = this.#clocks.length
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= count) break
      if (child + 1 < count && this.#clockAt(child + 1) < this.#clockAt(child)) child++
      if (this.#clockAt(child) >= clock) break
      this.#move(child, index)
      index = child
    }
    this.#clocks[index] = clock
    this.#sections[index] = section
  }

  #move(from: number, to: number): void {
    this.#clocks[to] = this.#clockAt(from)
    this.#sections[to] = this.#sections[from] as number
  }

  #clockAt(index: number): number {
    return this.#clocks[index] as number
  }
}
