import { describe, expect, test } from 'vitest'
import { generateTrace } from './trace-generator.js'
import { chooseClientIDs, replayLocally } from './trace-order.js'
import { planTrace } from './trace-plan.js'

describe('generateTrace', () => {
  test('is decided by its seed', () => {
    const options = { agents: 3, transactions: 100 }
    expect(generateTrace({ ...options, seed: 7 })).toEqual(generateTrace({ ...options, seed: 7 }))
    expect(generateTrace({ ...options, seed: 7 })).not.toEqual(
      generateTrace({ ...options, seed: 8 }),
    )
  })

  test('makes concurrent work, merges, deletes and wide characters', () => {
    const { transactions, endContent } = generateTrace({ seed: 1, agents: 3, transactions: 300 })
    expect(transactions).toHaveLength(300)
    expect(transactions.filter(({ parents }) => parents.length > 1).length).toBeGreaterThan(10)
    expect(transactions.some(({ patches }) => patches.some((patch) => patch.deleted > 1))).toBe(
      true,
    )
    expect(endContent).toMatch(/[\u{10000}-\u{10ffff}]/u)
  })

  test('a replay that sees what the parents demand arrives at its end content', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const trace = generateTrace({ seed, agents: 1 + (seed % 5), transactions: 200 })
      const plan = planTrace(trace)
      expect(replayLocally(plan, chooseClientIDs(plan)), `seed ${seed}`).toBe(trace.endContent)
    }
  })
})

describe('chooseClientIDs', () => {
  const insertAtOnce = (endContent: string) =>
    planTrace({
      endContent,
      agents: 2,
      transactions: ['a', 'b'].map((inserted, agent) => ({
        agent,
        parents: [],
        patches: [{ position: 0, deleted: 0, inserted }],
      })),
    })

  test('orders the agents as the end content shows that the recorder did', () => {
    expect(chooseClientIDs(insertAtOnce('ab'))).toEqual([1, 2])
    expect(chooseClientIDs(insertAtOnce('ba'))).toEqual([2, 1])
  })

  test('refuses an end content that cannot come about', () => {
    expect(() => chooseClientIDs(insertAtOnce('abc'))).toThrow('Yjs does not arrive at endContent')
  })

  test('refuses a patch beyond the end of its document', () => {
    const patches = [{ position: 0, deleted: 1, inserted: '' }]
    const transactions = [0, 1].map((agent) => ({ agent, parents: [], patches }))
    const plan = planTrace({ endContent: '', agents: 2, transactions })
    expect(() => chooseClientIDs(plan)).toThrow('transaction 0: a patch takes 1 code points at 0')
  })
})
