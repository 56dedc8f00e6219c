import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { levelStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { createServer } from '../server/index.js'
import { runIdleCycles } from './idle-cycles.js'

/**
 * `npm run campaign:cycles -- [--cycles 100000] [--names 1000]`: exits with 1 when the heap after all
 * cycles is larger than after the first tenth of them, by more than noise.
 */

/** What a heap may differ by without anything being kept; 90,000 cycles of 24 bytes are more. */
const noiseBytes = 2_000_000

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100000' },
    names: { type: 'string', default: '1000' },
  },
})
const cycles = Number(values.cycles)
const collect = globalThis.gc
if (collect === undefined) throw new Error('start node with --expose-gc')

/** Bytes that are in use: the heap, and the buffers beside it. */
function usedBytes(): number {
  collect?.()
  collect?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const directory = await mkdtemp(path.join(tmpdir(), 'cairn-cycles-'))
const store = levelStore(directory, { durability: 'os' })
const server = createServer({ store, timings: { unloadMs: 0, tickMs: 1 } })
await server.open()
let first: number | undefined
let last = 0
const startedAt = systemEnvironment.now()
await runIdleCycles({
  server,
  environment: systemEnvironment,
  cycles,
  names: Number(values.names),
  onCycles(done) {
    if (done % (cycles / 10) !== 0) return
    last = usedBytes()
    first ??= last
    const seconds = (systemEnvironment.now() - startedAt) / 1_000
    process.stdout.write(
      `${done} cycles, ${Math.round(done / seconds)}/s, ${(last / 1e6).toFixed(2)} MB in use\n`,
    )
  },
})
await server.close()
await rm(directory, { recursive: true, force: true })
const growth = last - (first ?? 0)
process.stdout.write(`growth since the first tenth: ${(growth / 1e6).toFixed(2)} MB\n`)
process.exitCode = growth > noiseBytes ? 1 : 0
