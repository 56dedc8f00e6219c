import { TraceError } from './trace-error.js'
import type { Trace, TracePatch } from './trace-format.js'

/**
 * A trace as a schedule. Where each agent's transactions form one line, which is how people type,
 * everything that a transaction must see is one count per agent: so many of that agent's first
 * transactions, no more.
 */
export interface TracePlan {
  readonly endContent: string
  readonly agents: number
  readonly transactions: number
  /** Each agent's transactions in order. */
  readonly lines: readonly (readonly PlannedTransaction[])[]
  /** Whether any text holds a character of two UTF-16 units, so that positions must be converted. */
  readonly hasWideCharacters: boolean
}

export interface PlannedTransaction {
  /** Position in the trace; no transaction comes before one that it has seen. */
  readonly index: number
  readonly patches: readonly TracePatch[]
  /** For each agent, how many of its transactions this one is made upon. */
  readonly sees: Uint32Array
}

/**
 * @throws TraceError where one agent's transactions branch: that agent is several authors, which a
 * client that keeps one document cannot replay
 */
export function planTrace(trace: Trace): TracePlan {
  const lines: PlannedTransaction[][] = Array.from({ length: trace.agents }, () => [])
  /** What a child of each transaction sees: what the transaction saw, and the transaction. */
  const after: Uint32Array[] = []
  let hasWideCharacters = false
  for (const [index, { agent, parents, patches }] of trace.transactions.entries()) {
    const sees = union(
      parents.map((parent) => at(after, parent)),
      trace.agents,
    )
    const line = at(lines, agent)
    if (sees[agent] !== line.length) {
      throw new TraceError(
        `transaction ${index}: agent ${agent} made ${line.length} transactions before it, but it ` +
          `was made upon ${sees[agent]} of them; expected each agent to build upon all its own`,
      )
    }
    line.push({ index, patches, sees })
    after.push(sees.with(agent, line.length))
    hasWideCharacters ||= patches.some(({ inserted }) => wideCharacter.test(inserted))
  }
  const { endContent, agents, transactions } = trace
  return { endContent, agents, transactions: transactions.length, lines, hasWideCharacters }
}

const wideCharacter = /[\u{10000}-\u{10ffff}]/u

/** Shares the array of a single parent, since most transactions have one. */
function union(counts: readonly Uint32Array[], agents: number): Uint32Array {
  const [only] = counts
  if (counts.length === 1 && only !== undefined) return only
  return Uint32Array.from({ length: agents }, (_, agent) =>
    Math.max(0, ...counts.map((count) => count[agent] ?? 0)),
  )
}

function at<T>(list: readonly T[], index: number): T {
  const entry = list[index]
  if (entry === undefined) throw new TraceError(`there is no entry ${index} among ${list.length}`)
  return entry
}
