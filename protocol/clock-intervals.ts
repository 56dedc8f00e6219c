/** From so many ranges on, one pass over everything is cheaper than inserting each. */
const MERGE_FROM = 5

/** Disjoint intervals [from, to) of one client's clocks, in order; touching ones are joined. */
export class ClockIntervals {
  #from: number[] = []
  #to: number[] = []

  get count(): number {
    return this.#from.length
  }

  /** Whether every clock of [from, to) is in here. */
  covers(from: number, to: number): boolean {
    if (from >= to) return true
    const index = this.#firstEndingFrom(from + 1)
    return index < this.#from.length && this.#fromAt(index) <= from && to <= this.#toAt(index)
  }

  /** Takes in [from, to), which is not empty; returns whether that added anything. */
  add(from: number, to: number): boolean {
    const last = this.#from.length - 1
    if (last < 0 || from > this.#toAt(last)) {
      this.#from.push(from)
      this.#to.push(to)
      return true
    }
    if (from >= this.#fromAt(last)) {
      if (to <= this.#toAt(last)) return false
      this.#to[last] = to
      return true
    }
    return this.#insert(from, to)
  }

  /** Takes in the ranges [from[i], to[i]), in any order; returns whether that added anything. */
  addMany(from: readonly number[], to: readonly number[]): boolean {
    if (from.length < MERGE_FROM) {
      let added = false
      for (let index = 0; index < from.length; index++) {
        if (this.add(from[index] as number, to[index] as number)) added = true
      }
      return added
    }
    const order = ascendingOrder(from)
    if (this.#coversInOrder(order, from, to)) return false
    this.#merge(order, from, to)
    return true
  }

  clone(): ClockIntervals {
    const clone = new ClockIntervals()
    clone.#from = this.#from.slice()
    clone.#to = this.#to.slice()
    return clone
  }

  equals(other: ClockIntervals): boolean {
    if (other.#from.length !== this.#from.length) return false
    for (let index = 0; index < this.#from.length; index++) {
      if (other.#from[index] !== this.#from[index]) return false
      if (other.#to[index] !== this.#to[index]) return false
    }
    return true
  }

  includes(other: ClockIntervals): boolean {
    return this.#coversInOrder(other.#from.keys(), other.#from, other.#to)
  }

  forEach(visit: (from: number, to: number) => void): void {
    for (let index = 0; index < this.#from.length; index++) {
      visit(this.#fromAt(index), this.#toAt(index))
    }
  }

  #insert(from: number, to: number): boolean {
    const first = this.#firstEndingFrom(from)
    if (this.#fromAt(first) <= from && to <= this.#toAt(first)) return false
    const after = this.#firstStartingAfter(to)
    if (first === after) {
      this.#from.splice(first, 0, from)
      this.#to.splice(first, 0, to)
      return true
    }
    this.#from[first] = Math.min(from, this.#fromAt(first))
    this.#to[first] = Math.max(to, this.#toAt(after - 1))
    this.#from.splice(first + 1, after - first - 1)
    this.#to.splice(first + 1, after - first - 1)
    return true
  }

  /** Whether every range is covered; they come in ascending order, so one pass is enough. */
  #coversInOrder(order: Iterable<number>, from: readonly number[], to: readonly number[]): boolean {
    let own = 0
    for (const index of order) {
      const start = from[index] as number
      while (own < this.#to.length && this.#toAt(own) <= start) own++
      if (own === this.#to.length) return false
      if (this.#fromAt(own) > start || this.#toAt(own) < (to[index] as number)) return false
    }
    return true
  }

  #merge(order: Iterable<number>, from: readonly number[], to: readonly number[]): void {
    const merged = new ClockIntervals()
    let own = 0
    for (const index of order) {
      const start = from[index] as number
      while (own < this.#from.length && this.#fromAt(own) <= start) {
        merged.add(this.#fromAt(own), this.#toAt(own))
        own++
      }
      merged.add(start, to[index] as number)
    }
    for (; own < this.#from.length; own++) merged.add(this.#fromAt(own), this.#toAt(own))
    this.#from = merged.#from
    this.#to = merged.#to
  }

  /** Index of the first interval that ends at `clock` or after it. */
  #firstEndingFrom(clock: number): number {
    let low = 0
    let high = this.#to.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#toAt(middle) < clock) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Index of the first interval that starts after `clock`. */
  #firstStartingAfter(clock: number): number {
    let low = 0
    let high = this.#from.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#fromAt(middle) <= clock) low = middle + 1
      else high = middle
    }
    return low
  }

  // The callers stay inside the arrays.
  #fromAt(index: number): number {
    return this.#from[index] as number
  }

  #toAt(index: number): number {
    return this.#to[index] as number
  }
}

/** The indexes of `values`, smallest value first. Yjs writes ranges in order, so a sort is rare. */
function ascendingOrder(values: readonly number[]): Iterable<number> {
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) < (values[index - 1] as number)) {
      return [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number))
    }
  }
  return [...values.keys()]
}
