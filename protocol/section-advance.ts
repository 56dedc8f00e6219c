import { ClockHeap } from './clock-heap.js'
import { StructReader } from './struct-reader.js'
import type { StructRun } from './struct-run.js'
import type { UpdateScan } from './update-scan.js'

/**
 * Walks the sections of a scanned update from their fronts as far as the structs' past is known, or
 * becomes known by other sections: to the fixed point.
 *
 * A section that cannot go on waits at the section of the client that it needs, which wakes it when
 * it has come far enough. So each struct is read once, and once more for each of the at most two
 * references that it waited for; no order of sections makes it slower.
 */
export class SectionAdvance {
  readonly #reader = new StructReader()
  readonly #scan: UpdateScan
  readonly #known: (client: number) => number
  readonly #sections: SectionCursor[] = []
  readonly #byClient = new Map<number, SectionCursor>()
  readonly #ready: number[] = []

  constructor(update: Uint8Array, scan: UpdateScan, known: (client: number) => number) {
    this.#reader.reset(update)
    this.#scan = scan
    this.#known = known
    for (let index = 0; index < scan.sectionCount; index++) this.#open(index)
    for (let index = scan.sectionCount - 1; index >= 0; index--) this.#ready.push(index)
  }

  run(): void {
    for (;;) {
      const index = this.#ready.pop()
      if (index === undefined) return
      const section = this.#sections[index] as SectionCursor
      this.#advance(section, index)
      this.#wake(section)
    }
  }

  /** The client's clocks that are known after what is admitted. */
  reachOf(client: number): number {
    return this.#byClient.get(client)?.reach ?? this.#known(client)
  }

  /** What is new and complete, by section, the first struct cut where it begins below that. */
  admitted(): StructRun[] {
    const runs: StructRun[] = []
    for (const section of this.#sections) {
      if (section.admittedStructs === 0) continue
      runs.push({
        client: section.client,
        clock: section.admittedClock,
        cut: section.admittedCut,
        structs: section.admittedStructs,
        start: section.admittedStart,
        end: section.admittedEnd,
      })
    }
    return runs
  }

  /** What is new and not complete, by section; `onMissing` hears what each waits for. */
  held(onMissing: (client: number, clock: number) => void): StructRun[] {
    const runs: StructRun[] = []
    this.#sections.forEach((section, index) => {
      const structs = (this.#scan.sectionStructs[index] as number) - section.struct
      if (structs === 0) return
      onMissing(section.missingClient, section.missingClock)
      const end = this.#scan.sectionEnd[index] as number
      runs.push({
        client: section.client,
        clock: section.clock,
        cut: 0,
        structs,
        start: section.offset,
        end,
      })
    })
    return runs
  }

  #open(index: number): void {
    const reader = this.#reader
    reader.position = this.#scan.sectionStart[index] as number
    reader.readVarUint()
    const client = reader.readVarUint()
    const clock = reader.readVarUint()
    const section = new SectionCursor(client, clock, reader.position, this.#known(client))
    this.#sections.push(section)
    this.#byClient.set(client, section)
  }

  /** Goes on to the end of the section or to the first struct whose past is not known. */
  #advance(section: SectionCursor, index: number): void {
    const reader = this.#reader
    const structs = this.#scan.sectionStructs[index] as number
    reader.position = section.offset
    while (section.struct < structs) {
      const length = reader.readStruct(section.client, section.clock)
      const end = section.clock + length
      // Skips stand for nothing, and known structs have been admitted before.
      if (!reader.isSkip && end > section.reach) {
        if (section.clock > section.reach) {
          section.waitFor(section.client, section.clock - 1)
          return
        }
        if (!this.#hasReferences(section, index)) return
        section.admit(reader.position, end)
      }
      section.struct++
      section.clock = end
      section.offset = reader.position
    }
  }

  /** Whether the struct just read refers only to what is known; else the section waits. */
  #hasReferences(section: SectionCursor, index: number): boolean {
    const { referenceCount, referenceClient, referenceClock } = this.#reader
    for (let reference = 0; reference < referenceCount; reference++) {
      const client = referenceClient[reference] as number
      const clock = referenceClock[reference] as number
      const other = this.#byClient.get(client)
      if (clock < (other?.reach ?? this.#known(client))) continue
      section.waitFor(client, clock)
      other?.addWaiter(clock, index)
      return false
    }
    return true
  }

  #wake(section: SectionCursor): void {
    for (;;) {
      const waiter = section.waiters?.popBelow(section.reach)
      if (waiter === undefined) return
      this.#ready.push(waiter)
    }
  }
}

/** How far one section has come. */
class SectionCursor {
  readonly client: number
  /** The next struct: its number in the section, its clock and its byte offset. */
  struct = 0
  clock: number
  offset: number
  /** Known end of the client's clocks, with what is admitted. */
  reach: number
  admittedStructs = 0
  admittedClock = 0
  admittedCut = 0
  admittedStart = 0
  admittedEnd = 0
  /** What the next struct waits for. */
  missingClient = 0
  missingClock = 0
  waiters: ClockHeap | undefined

  constructor(client: number, clock: number, offset: number, known: number) {
    this.client = client
    this.clock = clock
    this.offset = offset
    this.reach = known
  }

  /**
   * Takes the next struct, which begins at or below `reach` and ends at these places. What is
   * admitted is one run: after it, a Skip puts the next struct above `reach`, and no known struct
   * can follow.
   */
  admit(offsetAfter: number, clockAfter: number): void {
    if (this.admittedStructs === 0) {
      this.admittedClock = this.reach
      this.admittedCut = this.reach - this.clock
      this.admittedStart = this.offset
    }
    this.admittedStructs++
    this.admittedEnd = offsetAfter
    this.reach = clockAfter
  }

  waitFor(client: number, clock: number): void {
    this.missingClient = client
    this.missingClock = clock
  }

  addWaiter(clock: number, section: number): void {
    this.waiters ??= new ClockHeap()
    this.waiters.push(clock, section)
  }
}
