import { Latencies } from './latencies.js'

/** At most so many problems are described; the others are counted. */
const describedProblems = 20

/** What the clients of one process count while they run. */
export class LoadMeasures {
  /** Edits that reached a client other than their author, each once for each client. */
  delivered = 0
  /** Updates of their own that authors got back. */
  echoed = 0
  /** Edits that reached a client again. */
  repeated = 0
  presenceDelivered = 0
  presenceSent = 0
  acknowledged = 0
  rejected = 0
  connected = 0
  connections = 0
  bytesReceived = 0
  bytesSent = 0
  /** From the moment an edit was due to its arrival, since the last sample. */
  readonly latency = new Latencies()
  readonly acknowledgeLatency = new Latencies()
  readonly presenceLatency = new Latencies()
  /** From the loss of a connection to its next sync. */
  readonly reconnect = new Latencies()
  /** From the first connect to the first sync. */
  readonly join = new Latencies()
  /** How late this process itself sent what was due. */
  readonly lateness = new Latencies()
  /** Connections that ended otherwise than by this side, by close code. */
  readonly closes = new Map<number, number>()
  readonly problems: string[] = []
  #undescribed = 0

  addProblem(problem: string): void {
    if (this.problems.length < describedProblems) this.problems.push(problem)
    else this.#undescribed++
  }

  /** What went wrong, with a line for what is not listed. */
  get allProblems(): readonly string[] {
    if (this.#undescribed === 0) return this.problems
    return [...this.problems, `and ${this.#undescribed} more`]
  }
}
