import { parseArgs } from 'node:util'
import {
  type CrowdResult,
  rushOf,
  simulateCairnCrowd,
  simulateUniformCrowd,
  stretchMs,
} from './reconnect-crowd.js'
import { inAfter } from './report/crowd-page.js'
import { count, milliseconds } from './report/figure-format.js'
import { writeCrowdReport } from './report/write-report.js'

/**
 * `npm run bench:crowd -- [--clients 1000] [--down 10000] [--seed 1] [--out DIR]`: clients that start
 * together while the server is down, in simulated time, with and without jitter. `--out` writes
 * crowd.json and crowd.html.
 */

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    down: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})
const options = {
  clients: Number(values.clients),
  downMs: Number(values.down),
  seed: Number(values.seed),
}
const cairn = await simulateCairnCrowd(options)
const uniform = await simulateUniformCrowd(options)

function line(name: string, result: CrowdResult): string {
  const attempts = result.attempts.reduce((sum, value) => sum + value, 0)
  return (
    `${name.padEnd(14)} at most ${count(rushOf(result, options))} attempts in ${stretchMs} ms after ` +
    `the return, half in after ${milliseconds(inAfter(result, options, 0.5))}, 99 % after ` +
    `${milliseconds(inAfter(result, options, 0.99))}, all after ` +
    `${milliseconds(inAfter(result, options, 1))}; ${count(attempts)} attempts in all\n`
  )
}

process.stdout.write(
  `${count(options.clients)} clients start together, the server is down for ` +
    `${milliseconds(options.downMs)}\n${line('Cairn', cairn)}${line('without jitter', uniform)}`,
)
if (values.out !== undefined) {
  const { html } = await writeCrowdReport(values.out, { options, cairn, uniform })
  process.stdout.write(`written to ${html}\n`)
}
