import { describe, expect, test } from 'vitest'
import type { Trace } from './trace-format.js'
import { planTrace } from './trace-plan.js'

function traceOf(agents: number, txns: readonly (readonly [number, readonly number[]])[]): Trace {
  const transactions = txns.map(([agent, parents]) => ({ agent, parents, patches: [] }))
  return { endContent: '', agents, transactions }
}

describe('planTrace', () => {
  test('says for each transaction how much of each agent it was made upon', () => {
    const plan = planTrace(
      traceOf(3, [
        [0, []],
        [1, [0]],
        [0, [0]],
        [2, [1, 2]],
      ]),
    )
    expect(plan.transactions).toBe(4)
    const sees = plan.lines.map((line) => line.map((entry) => [...entry.sees]))
    expect(sees).toEqual([
      [
        [0, 0, 0],
        [1, 0, 0],
      ],
      [[1, 0, 0]],
      [[2, 1, 0]],
    ])
  })

  test('refuses an agent that branches', () => {
    const branching = traceOf(1, [
      [0, []],
      [0, [0]],
      [0, [0]],
    ])
    expect(() => planTrace(branching)).toThrow(
      'transaction 2: agent 0 made 2 transactions before it, but it was made upon 1 of them',
    )
  })

  test('notices text whose positions are not UTF-16 units', () => {
    const insert = (inserted: string): Trace => ({
      endContent: inserted,
      agents: 1,
      transactions: [{ agent: 0, parents: [], patches: [{ position: 0, deleted: 0, inserted }] }],
    })
    expect(planTrace(insert('ä漢')).hasWideCharacters).toBe(false)
    expect(planTrace(insert('a😀')).hasWideCharacters).toBe(true)
  })
})
