import * as Y from 'yjs'
import {
  holdsTransaction,
  TraceDesk,
  traceTextName,
  type WrittenTransaction,
} from './trace-desk.js'
import type { TracePlan } from './trace-plan.js'

/** Everything that was written so far, by agent; what an author looks up once it has arrived. */
export type TraceLedger = readonly WrittenTransaction[][]

/** What an author cannot go on without. */
export interface Missing {
  readonly agent: number
  /** So many of that agent's transactions have to have arrived. */
  readonly count: number
}

/**
 * One author of a trace, with two replicas. The document is what a provider is bound to: work of
 * others reaches it over the network only, all of it, whenever it comes. The desk is where the author
 * writes: it admits of what has arrived just what the next transaction was made upon.
 */
export class TraceAuthor {
  readonly agent: number
  readonly doc = new Y.Doc()
  readonly #plan: TracePlan
  readonly #ledger: TraceLedger
  readonly #desk: TraceDesk
  /** For each agent, how many transactions the desk has. */
  readonly #admitted: Uint32Array
  /** For each agent, how many transactions have arrived in the document. */
  readonly #arrived: Uint32Array

  constructor(agent: number, clientID: number, plan: TracePlan, ledger: TraceLedger) {
    this.agent = agent
    this.#plan = plan
    this.#ledger = ledger
    this.#desk = new TraceDesk(plan, clientID)
    this.#admitted = new Uint32Array(plan.agents)
    this.#arrived = new Uint32Array(plan.agents)
  }

  get written(): number {
    return this.#ledger[this.agent]?.length ?? 0
  }

  get isDone(): boolean {
    return this.written === this.#plan.lines[this.agent]?.length
  }

  get deskText(): string {
    return this.#desk.text
  }

  get documentText(): string {
    return this.doc.getText(traceTextName).toString()
  }

  /** What the next transaction waits for; undefined where it can be written now. */
  get missing(): Missing | undefined {
    const next = this.#plan.lines[this.agent]?.[this.written]
    return next === undefined ? undefined : this.#lacking(next.sees)
  }

  /** Whether everything of the whole trace has arrived here. */
  get hasEverything(): boolean {
    const all = Uint32Array.from(this.#plan.lines, (line) => line.length)
    return this.#lacking(all) === undefined
  }

  /**
   * Writes the next transaction at the desk and hands its bytes to the document, from where a bound
   * provider sends them. The caller has seen that nothing is missing.
   */
  write(): void {
    const next = this.#plan.lines[this.agent]?.[this.written]
    if (next === undefined) throw new RangeError(`author ${this.agent} has written everything`)
    this.#admit(next.sees)
    const written = this.#desk.write(next)
    this.#ledger[this.agent]?.push(written)
    this.#admitted[this.agent] = this.written
    if (written.update.byteLength > 0) Y.applyUpdate(this.doc, written.update, this)
  }

  /** Brings the desk to the end of the trace. The caller has seen that everything has arrived. */
  admitEverything(): void {
    this.#admit(Uint32Array.from(this.#plan.lines, (line) => line.length))
  }

  destroy(): void {
    this.#desk.destroy()
    this.doc.destroy()
  }

  #lacking(sees: Uint32Array): Missing | undefined {
    for (const [agent, count] of sees.entries()) {
      if (agent !== this.agent && this.#arrivedOf(agent, count) < count) return { agent, count }
    }
    return undefined
  }

  /** Counts what has arrived, up to `wanted`: arrival is looked at only as far as it matters. */
  #arrivedOf(agent: number, wanted: number): number {
    let count = this.#arrived[agent] ?? 0
    while (count < wanted) {
      const transaction = this.#ledger[agent]?.[count]
      if (transaction === undefined || !holdsTransaction(this.doc, transaction)) break
      count++
    }
    this.#arrived[agent] = count
    return count
  }

  /** In the order of the trace, so that what a transaction was made upon comes before it. */
  #admit(sees: Uint32Array): void {
    const due: WrittenTransaction[] = []
    for (const [agent, count] of sees.entries()) {
      const from = this.#admitted[agent] ?? 0
      if (agent === this.agent || count <= from) continue
      due.push(...(this.#ledger[agent]?.slice(from, count) ?? []))
      this.#admitted[agent] = count
    }
    due.sort((a, b) => a.index - b.index)
    for (const transaction of due) this.#desk.admit(transaction)
  }
}
