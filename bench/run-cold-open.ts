import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as Y from 'yjs'
import { systemEnvironment } from '../runtime/system-environment.js'
import { measureColdOpen } from './cold-open.js'
import { TraceDesk } from './trace-desk.js'
import { readTraceFile } from './trace-file.js'
import { generateTrace } from './trace-generator.js'
import { planTrace } from './trace-plan.js'

/**
 * `npm run bench:cold-open -- [trace.json.gz] [--repeats 21]`: cold open of the document that a
 * sequential trace leaves, compacted, beside a bare ws server that sends the same bytes.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeats: { type: 'string', default: '21' } },
})
const [file] = positionals
const trace =
  file === undefined
    ? generateTrace({ seed: 1, agents: 1, transactions: 10_000 })
    : await readTraceFile(file)
const plan = planTrace(trace)
const desk = new TraceDesk(plan, 1)
const doc = new Y.Doc()
if (plan.agents !== 1) throw new Error(`the trace has ${plan.agents} agents, expected one`)
for (const transaction of plan.lines[0] ?? []) Y.applyUpdate(doc, desk.write(transaction).update)
const update = Y.encodeStateAsUpdate(doc)
const repeats = Number(values.repeats)
const times = await measureColdOpen({ environment: systemEnvironment, update, repeats })

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN
}

const ratios = times.cairn.map((time, index) => time / (times.bare[index] ?? Number.NaN))
const [processor] = cpus()
process.stdout.write(
  [
    `${plan.transactions} transactions, ${trace.endContent.length} UTF-16 units of text, ` +
      `${update.byteLength} bytes compacted, ${repeats} openings of each in turn`,
    `cairn  median ${median(times.cairn).toFixed(2)} ms to the last byte, ` +
      `best ${Math.min(...times.cairn).toFixed(2)}`,
    `bare   median ${median(times.bare).toFixed(2)} ms, best ${Math.min(...times.bare).toFixed(2)}`,
    `ratio  median ${median(ratios).toFixed(2)}, ${Math.min(...ratios).toFixed(2)} to ` +
      `${Math.max(...ratios).toFixed(2)}`,
    `${cpus().length} x ${processor?.model ?? 'unknown'}, node ${process.version}, client and both ` +
      'servers in one process',
    '',
  ].join('\n'),
)
