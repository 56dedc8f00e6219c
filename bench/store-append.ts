import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import type { DocumentLog } from '../persistence/document-store.js'
import { levelStore } from '../persistence/level-store.js'
import { systemEnvironment } from '../runtime/system-environment.js'

/**
 * How many updates of 100 bytes a second become durable through the store with 1,000 in flight, and
 * how many as single records in LevelDB batches of 1,000, in the same run and on the same disk.
 *
 *     node dist/bench/store-append.js [directory] [seconds for each line, default 2]
 */
const updateBytes = 100
const inFlight = 1000
const documentCounts = [1, 10, 100, 1000]
const durabilities = ['fsync', 'os'] as const

type Mode = (typeof durabilities)[number]

interface Measured {
  readonly perSecond: number
  /** Processor time of all threads for each update, in microseconds. */
  readonly cpuMicros: number
}

async function main(): Promise<void> {
  const [base = tmpdir(), seconds = '2'] = process.argv.slice(2)
  const lastsMs = Number(seconds) * 1000
  const [cpu] = cpus()
  print(`${cpus().length} x ${cpu?.model ?? 'unknown processor'}, Node ${process.version}, ${base}`)
  print(`${updateBytes}-byte updates, ${inFlight} in flight, ${seconds} s each`)
  print('')
  print('durability  what                                    updates/s   of bare   cpu us')
  for (const durability of durabilities) {
    for (const count of documentCounts) {
      const of = `${count} document${count === 1 ? '' : 's'}`
      const bare = await inDirectory(base, (path) => measureLevel(path, durability, count, lastsMs))
      row(durability, `bare LevelDB, keys of ${of}`, bare, bare)
      const measured = await inDirectory(base, (path) =>
        measureStore(path, durability, count, lastsMs),
      )
      row(durability, `store, ${of}`, measured, bare)
    }
  }
}

function row(durability: Mode, what: string, measured: Measured, bare: Measured): void {
  const ratio = `${Math.round((100 * measured.perSecond) / bare.perSecond)} %`
  const columns = [
    durability.padEnd(12),
    what.padEnd(38),
    Math.round(measured.perSecond).toLocaleString('en').padStart(11),
    ratio.padStart(10),
    measured.cpuMicros.toFixed(1).padStart(9),
  ]
  print(columns.join(''))
}

async function inDirectory<T>(base: string, measure: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(base, 'cairn-bench-'))
  try {
    return await measure(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

/** One put for each update and nothing else: the limit for a store without segments. */
async function measureLevel(
  path: string,
  durability: Mode,
  documentCount: number,
  lastsMs: number,
): Promise<Measured> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  await level.open()
  let sequence = 0
  const measured = await measure(lastsMs, async (isOver) => {
    while (!isOver()) {
      const operations = Array.from({ length: inFlight }, () => {
        const key = Buffer.alloc(25, 1)
        key.writeUInt32BE(++sequence % documentCount, 1)
        key.writeUIntBE(sequence, 17, 6)
        return { type: 'put' as const, key, value: updateOf(sequence) }
      })
      await level.batch(operations, { sync: durability === 'fsync' })
    }
    return sequence
  })
  await level.close()
  return measured
}

/** Each of the updates in flight is followed by another once it is durable. */
async function measureStore(
  path: string,
  durability: Mode,
  documentCount: number,
  lastsMs: number,
): Promise<Measured> {
  const store = levelStore(path, { durability })
  await store.open()
  const logs = await Promise.all(
    Array.from({ length: documentCount }, (_, index) => store.openLog(`document ${index}`)),
  )
  const measured = await measure(lastsMs, async (isOver) => {
    const writers = Array.from({ length: inFlight }, (_, index) =>
      keepAppending(logs[index % documentCount], index, isOver),
    )
    const counts = await Promise.all(writers)
    return counts.reduce((sum, count) => sum + count, 0)
  })
  await store.close()
  return measured
}

async function keepAppending(
  log: DocumentLog | undefined,
  writer: number,
  isOver: () => boolean,
): Promise<number> {
  let count = 0
  while (log !== undefined && !isOver()) {
    const update = updateOf(writer + count++)
    await log.append({ update, principal: 'alice', connection: `connection ${writer}` })
  }
  return count
}

async function measure(
  lastsMs: number,
  run: (isOver: () => boolean) => Promise<number>,
): Promise<Measured> {
  const cpuBefore = process.cpuUsage()
  const start = systemEnvironment.now()
  const count = await run(() => systemEnvironment.now() - start > lastsMs)
  const elapsedMs = systemEnvironment.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perSecond: (1000 * count) / elapsedMs, cpuMicros: (user + system) / count }
}

/** Made beforehand; different from each other, and no easier to compress than text. */
const updates = Array.from({ length: 1024 }, (_, seed) =>
  Uint8Array.from({ length: updateBytes }, (_, index) => 32 + ((seed * (index + 7)) % 90)),
)

function updateOf(seed: number): Uint8Array {
  return updates[seed % updates.length] ?? new Uint8Array(updateBytes)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()
