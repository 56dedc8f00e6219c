import { expect, test } from 'vitest'
import { readTraceFile } from '../bench/trace-file.js'
import type { Trace } from '../bench/trace-format.js'
import { generateTrace } from '../bench/trace-generator.js'
import { runTrace } from '../bench/trace-run.js'
import { systemEnvironment } from '../runtime/system-environment.js'

/** A recorded trace where its path is given, else one of the same kind: `CAIRN_TRACE=FILE npm test`. */
async function concurrentTrace(): Promise<Trace> {
  const file = process.env.CAIRN_TRACE
  return file === undefined
    ? generateTrace({ seed: 20, agents: 3, transactions: 600 })
    : readTraceFile(file)
}

test('a concurrent trace arrives everywhere at its end through three kills of the server', async () => {
  const trace = await concurrentTrace()
  const report = await runTrace({
    trace,
    environment: systemEnvironment,
    document: 'a trace/with 😀',
    seed: 5,
    kills: 3,
  })
  const { length: transactions } = trace.transactions
  expect(report).toMatchObject({ written: transactions, transactions, kills: 3 })
  const authors = Array.from({ length: trace.agents }, (_, author) => [
    `document of author ${author}`,
    `desk of author ${author}`,
  ])
  expect(report.checks).toEqual([...authors.flat(), 'fresh client', 'documents export'])
}, 300_000)

test('a sequential trace arrives through a kill of the server', async () => {
  const words = [...'the 漢 quick 😀 fox']
  const report = await runTrace({
    trace: {
      endContent: words.join(''),
      agents: 1,
      transactions: words.map((inserted, index) => ({
        agent: 0,
        parents: index === 0 ? [] : [index - 1],
        patches: [{ position: index, deleted: 0, inserted }],
      })),
    },
    environment: systemEnvironment,
    document: 'sequential',
    seed: 1,
    kills: 1,
  })
  expect(report.checks).toContain('documents export')
})
