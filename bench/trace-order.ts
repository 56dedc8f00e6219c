import * as Y from 'yjs'
import { TraceDesk, traceTextName, type WrittenTransaction } from './trace-desk.js'
import { TraceError } from './trace-error.js'
import type { PlannedTransaction, TracePlan } from './trace-plan.js'

/**
 * The clientID of each agent with which Yjs arrives at the trace's end content. Where two authors
 * insert at one place, Yjs puts the lower clientID first; a trace says only what its own recorder
 * did. So the trace is replayed here, without any network, with the agents in one order and then in
 * the other.
 *
 * @throws TraceError where neither order leads to the end content
 */
export function chooseClientIDs(plan: TracePlan): readonly number[] {
  const ascending = Array.from({ length: plan.agents }, (_, agent) => agent + 1)
  // One agent inserts nowhere at the same time as another.
  if (plan.agents === 1 || replayLocally(plan, ascending) === plan.endContent) return ascending
  const descending = ascending.toReversed()
  if (replayLocally(plan, descending) === plan.endContent) return descending
  throw new TraceError(
    'Yjs does not arrive at endContent from these transactions, with the first agent before the ' +
      'others or after them: the trace is damaged, or its recorder orders concurrent text otherwise',
  )
}

/** The text that plain documents arrive at when each sees exactly what the trace demands. */
export function replayLocally(plan: TracePlan, clientIDs: readonly number[]): string {
  const written: WrittenTransaction[][] = plan.lines.map(() => [])
  const desks = clientIDs.map((clientID) => new TraceDesk(plan, clientID))
  const admitted = desks.map(() => new Uint32Array(plan.agents))
  const whole = new Y.Doc()
  for (const { agent, transaction } of inOrder(plan)) {
    const desk = desks[agent]
    const has = admitted[agent]
    if (desk === undefined || has === undefined) throw new RangeError(`no desk for agent ${agent}`)
    const due: WrittenTransaction[] = []
    for (const [other, count] of transaction.sees.entries()) {
      if (other === agent) continue
      due.push(...(written[other]?.slice(has[other], count) ?? []))
      has[other] = Math.max(has[other] ?? 0, count)
    }
    for (const entry of due.sort((a, b) => a.index - b.index)) desk.admit(entry)
    const entry = desk.write(transaction)
    written[agent]?.push(entry)
    if (entry.update.byteLength > 0) Y.applyUpdate(whole, entry.update)
  }
  const text = whole.getText(traceTextName).toString()
  for (const desk of desks) desk.destroy()
  whole.destroy()
  return text
}

interface Entry {
  readonly agent: number
  readonly transaction: PlannedTransaction
}

function inOrder(plan: TracePlan): readonly Entry[] {
  return plan.lines
    .flatMap((line, agent) => line.map((transaction) => ({ agent, transaction })))
    .sort((a, b) => a.transaction.index - b.transaction.index)
}
