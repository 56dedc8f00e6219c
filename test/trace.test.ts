import { expect, test } from 'vitest'
import { generateTrace } from '../bench/trace-generator.js'
import { runTrace } from '../bench/trace-run.js'
import { systemEnvironment } from '../runtime/system-environment.js'

test('a concurrent trace arrives everywhere at its end through three kills of the server', async () => {
  const report = await runTrace({
    trace: generateTrace({ seed: 20, agents: 3, transactions: 600 }),
    environment: systemEnvironment,
    document: 'a trace/with 😀',
    seed: 5,
    kills: 3,
  })
  expect(report).toMatchObject({ written: 600, transactions: 600, kills: 3, authors: 3 })
  expect(report.checks).toEqual([
    'document of author 0',
    'desk of author 0',
    'document of author 1',
    'desk of author 1',
    'document of author 2',
    'desk of author 2',
    'fresh client',
    'documents export',
  ])
})

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
