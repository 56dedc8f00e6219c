import { Buffer } from 'node:buffer'
import { cp, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { BatchLedger, type LedgerState, type LostBatches, readLedger } from './batch-ledger.js'
import type { Witnessed } from './committed-witness.js'
import { openError, readError } from './level-errors.js'
import { asBuffer, kindRange } from './level-keys.js'
import {
  type LevelOperation,
  type LevelPort,
  type LevelReader,
  type OpenLevel,
  repairLevel,
} from './level-port.js'
import { openOnceReleased } from './open-once-released.js'
import { seal } from './sealed-value.js'
import { sweepKeyOf } from './sweep-mark.js'

/**
 * LevelDB's memtable, its default; a `.log` file grows to about this. Larger ones measured no
 * faster and make the open slower.
 */
const writeBufferSize = 4 * 1024 * 1024

/** More batches than any store has written, for where neither ledger nor witness can be read. */
const unseenBatches = 2 ** 40

export interface SessionOptions {
  readonly levelPath: string
  readonly durability: 'fsync' | 'os'
  readonly environment: Environment
  readonly openLevel: OpenLevel
  /** Whether there is nothing yet that could be missing. */
  readonly isNew: boolean
  /** Whether the last holder died with the database open: its lock may linger for a moment. */
  readonly wasAbandoned: boolean
  readonly acceptLoss: boolean
  /** The last batch that was reported durable; undefined where that is not known. */
  readonly witnessed: Witnessed | undefined
  /** Whether records that were only as durable as the system may be gone without a trace. */
  readonly mayHaveLostTail: boolean
  readonly onWarning: (warning: CairnError) => void
}

/** An open LevelDB whose ledger was checked and that has taken a write. */
export interface LevelSession {
  readonly level: LevelPort
  readonly ledger: BatchLedger
}

/** @throws STORE_LOCKED, STORE_DAMAGED, STORE_UNAVAILABLE */
export async function openSession(options: SessionOptions): Promise<LevelSession> {
  const { level, isRepaired } = await openOrRepair(options)
  try {
    const found = await inspectLedger(level, options)
    // A repair may have dropped what no ledger tells of any more.
    const generation = found.generation + (isRepaired ? 1 : 0)
    const ledger = new BatchLedger({ ...found, generation }, options.durability)
    const operations = [...ledger.rebase(), ...(await abandonProvisional(level))]
    await level.write(operations, { sync: true })
    return { level, ledger }
  } catch (error) {
    await level.close()
    throw openError(options.levelPath, error)
  }
}

async function openOrRepair(
  options: SessionOptions,
): Promise<{ readonly level: LevelPort; readonly isRepaired: boolean }> {
  const { levelPath, isNew } = options
  const openOptions = { createIfMissing: isNew, writeBufferSize }
  const open = () =>
    options.wasAbandoned
      ? openOnceReleased(() => options.openLevel(levelPath, openOptions), options.environment)
      : options.openLevel(levelPath, openOptions)
  try {
    return { level: await open(), isRepaired: false }
  } catch (cause) {
    const error = openError(levelPath, cause)
    if (error.code !== 'STORE_DAMAGED' || !options.acceptLoss) throw error
    await requireRemains(levelPath, error)
    const copy = await copyAside(levelPath)
    options.onWarning(
      new CairnError('STORE_DAMAGED', `${error.message}; copied to ${copy}, now repairing`, {
        cause: error,
        rule: 'repaired',
      }),
    )
    try {
      await repairLevel(levelPath)
      return { level: await open(), isRepaired: true }
    } catch (second) {
      throw openError(levelPath, second)
    }
  }
}

/** Where no file with data is left, repair would make an empty database of it. */
async function requireRemains(levelPath: string, cause: CairnError): Promise<void> {
  const names = await readdir(levelPath).catch(() => [])
  if (names.some((name) => /\.(ldb|sst|log)$/.test(name))) return
  throw new CairnError(
    'STORE_DAMAGED',
    `${levelPath} has nothing left to repair: restore it from a backup, or begin in an empty` +
      ' directory',
    { cause, rule: 'nothing-left' },
  )
}

/** LevelDB's repair throws away what it cannot read, so the damaged files are kept. */
async function copyAside(levelPath: string): Promise<string> {
  const parent = dirname(levelPath)
  const prefix = `${basename(levelPath)}.damaged-`
  const earlier = (await readdir(parent)).filter((name) => name.startsWith(prefix)).length
  const copy = join(parent, `${prefix}${earlier + 1}`)
  await cp(levelPath, copy, { recursive: true, errorOnExist: true, force: false })
  return copy
}

async function inspectLedger(
  level: LevelReader,
  options: SessionOptions,
): Promise<{ oldest: number; last: number; generation: number }> {
  let state: LedgerState
  try {
    state = await readLedger(level)
  } catch (error) {
    const damage = readError('STORE_DAMAGED', `the batch ledger of ${options.levelPath}`, error)
    if (!options.acceptLoss || damage.code !== 'STORE_DAMAGED') throw damage
    options.onWarning(damage)
    // Beyond every number that may still stand there unseen.
    const last = (options.witnessed?.batch ?? unseenBatches) + 1
    return { oldest: 1, last, generation: drawGeneration(options.environment) }
  }
  const damage = options.isNew ? undefined : judgeLedger(state, options)
  const last = Math.max(state.last, options.witnessed?.batch ?? 0)
  if (damage === undefined) {
    const generation = state.generation + (options.mayHaveLostTail ? 1 : 0)
    return { oldest: state.oldest, last, generation }
  }
  const isLegitimate = damage.rule === 'lost-tail-os'
  if (!isLegitimate && !options.acceptLoss) throw damage
  options.onWarning(damage)
  const generation = state.hasBase ? state.generation + 1 : drawGeneration(options.environment)
  return { oldest: state.oldest, last, generation }
}

/** One that no store counts up to, for where the one before cannot be read. */
function drawGeneration(environment: Environment): number {
  return 0x40000000 + (asBuffer(environment.randomBytes(4)).readUInt32BE(0) >>> 2)
}

function judgeLedger(state: LedgerState, options: SessionOptions): CairnError | undefined {
  const { levelPath, witnessed } = options
  if (!state.hasBase) {
    return damaged(levelPath, 'its batch ledger is gone', 'ledger-missing')
  }
  if (witnessed === undefined) {
    return damaged(levelPath, 'the file "committed" beside it is gone or damaged', 'witness')
  }
  const lost: LostBatches[] = [...state.lost]
  if (witnessed.batch > state.last) {
    const { durability } = witnessed
    lost.push({ from: state.last + 1, to: witnessed.batch, durability })
  }
  if (lost.length === 0) return undefined
  let count = 0
  for (const run of lost) count += run.to - run.from + 1
  const runs = lost.map((run) => (run.from === run.to ? `${run.from}` : `${run.from}-${run.to}`))
  const what = `${count} acknowledged batches are missing from its log (${runs.join(', ')})`
  if (!lost.every((run) => run.durability === 'os')) {
    return damaged(levelPath, what, 'lost-batches')
  }
  return new CairnError(
    'STORE_DAMAGED',
    `${levelPath}: ${what}; they were written with durability "os", which a power cut may take.` +
      ' Clients that still hold them send them again',
    { rule: 'lost-tail-os' },
  )
}

function damaged(levelPath: string, what: string, rule: string): CairnError {
  return new CairnError(
    'STORE_DAMAGED',
    `${levelPath}: ${what}. Restore the directory from a backup, or open once with acceptLoss to` +
      ' go on without what is missing; clients that still hold it send it again',
    { rule },
  )
}

/** What an earlier process began and did not finish is garbage now. */
async function abandonProvisional(level: LevelReader): Promise<LevelOperation[]> {
  const operations: LevelOperation[] = []
  for await (const page of level.scanKeys(kindRange('provisional'))) {
    for (const key of page) {
      const sweepKey = sweepKeyOf(key)
      operations.push({ type: 'del', key })
      operations.push({ type: 'put', key: sweepKey, value: seal(sweepKey, Buffer.alloc(0)) })
    }
  }
  return operations
}
