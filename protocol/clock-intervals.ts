/** From so many insertions on, each of which moves what lies after it, one pass is cheaper. */
const MERGE_FROM = 64

/** Disjoint intervals [from, to) of one client's clocks, in order; touching ones are joined. */
export class ClockIntervals {
  #from: number[] = []
  #to: number[] = []

  /** The ranges [from[i], to[i]), none empty, in any order: linear but for a sort of numbers. */
  static of(from: readonly number[], to: readonly number[]): ClockIntervals {
    const result = new ClockIntervals()
    if (isAscending(from)) {
      for (let index = 0; index < from.length; index++) {
        result.add(from[index] as number, to[index] as number)
      }
      return result
    }
    const starts = Float64Array.from(from).sort()
    const ends = Float64Array.from(to).sort()
    let start = starts[0] as number
    for (let index = 0; index < ends.length; index++) {
      // Where as many ranges have ended as have begun none is left open.
      const end = ends[index] as number
      const next = starts[index + 1]
      if (next !== undefined && next <= end) continue
      result.#from.push(start)
      result.#to.push(end)
      start = next ?? end
    }
    return result
  }

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
    return this.addAll(ClockIntervals.of(from, to))
  }

  /** Takes in all of `other`, in at most one pass; returns whether that added anything. */
  addAll(other: ClockIntervals): boolean {
    if (other.count >= MERGE_FROM) {
      if (this.includes(other)) return false
      if (other.count * 16 >= this.count || this.#insertionsBy(other) >= MERGE_FROM) {
        this.#merge(other)
        return true
      }
    }
    let added = false
    other.forEach((from, to) => {
      if (this.add(from, to)) added = true
    })
    return added
  }

  /** How many intervals more there would be with `other`; below 0 where it joins more than it adds. */
  growthBy(other: ClockIntervals): number {
    let growth = 0
    let joined = 0
    for (let index = 0; index < other.count; index++) {
      const first = this.#firstEndingFrom(other.#fromAt(index))
      const after = this.#firstStartingAfter(other.#toAt(index))
      // One that the range before touches as well is joined with both.
      growth += first < joined ? joined - after : 1 + first - after
      joined = Math.max(joined, after)
    }
    return growth
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
    let own = other.count === 0 ? 0 : this.#firstEndingFrom(other.#fromAt(0) + 1)
    for (let index = 0; index < other.count; index++) {
      const start = other.#fromAt(index)
      while (own < this.count && this.#toAt(own) <= start) own++
      if (own === this.count) return false
      if (this.#fromAt(own) > start || this.#toAt(own) < other.#toAt(index)) return false
    }
    return true
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

  /** How many of `other` would come between two of these, or join some. */
  #insertionsBy(other: ClockIntervals): number {
    let insertions = 0
    other.forEach((from, to) => {
      if (this.#firstStartingAfter(to) - this.#firstEndingFrom(from) !== 1) insertions++
    })
    return insertions
  }

  #merge(other: ClockIntervals): void {
    let own = this.#firstEndingFrom(other.#fromAt(0))
    const merged = new ClockIntervals()
    merged.#from = this.#from.slice(0, own)
    merged.#to = this.#to.slice(0, own)
    for (let index = 0; index < other.count; index++) {
      const start = other.#fromAt(index)
      for (; own < this.count && this.#fromAt(own) <= start; own++) {
        merged.add(this.#fromAt(own), this.#toAt(own))
      }
      merged.add(start, other.#toAt(index))
    }
    for (; own < this.count; own++) merged.add(this.#fromAt(own), this.#toAt(own))
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

/** Yjs writes ranges in order, so a sort is rare. */
function isAscending(values: readonly number[]): boolean {
  for (let index = 1; index < values.length; index++) {
    if ((values[index] as number) < (values[index - 1] as number)) return false
  }
  return true
}
