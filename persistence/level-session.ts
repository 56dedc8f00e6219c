import { Buffer } from 'node:buffer'
import { readdir } from 'node:fs/promises'
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
import { copyAside, forgetRepair, isRepairNoted, noteRepair } from './repair-note.js'
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
  const { levelPath } = options
  const { level, ...opened } = await openOrRepair(options)
  try {
    const isBrokenOff = !opened.isRepaired && (await isRepairNoted(levelPath))
    if (isBrokenOff) options.onWarning(repaired(`${levelPath}: its repair was broken off`))
    const isRepaired = opened.isRepaired || isBrokenOff
    const found = await inspectLedger(level, options)
    // A repair may have dropped what no ledger tells of any more.
    const generation = found.generation + (isRepaired ? 1 : 0)
    const ledger = new BatchLedger({ ...found, generation }, options.durability)
    const operations = [
      ...found.forgotten,
      ...ledger.rebase(),
      ...(await abandonProvisional(level)),
    ]
    await level.write(operations, { sync: true })
    if (isRepaired) await forgetRepair(levelPath)
    return { level, ledger }
  } catch (error) {
    await level.close()
    throw openError(levelPath, error)
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
    options.onWarning(repaired(`${error.message}; copied to ${copy}, now repairing`, error))
    try {
      await noteRepair(levelPath)
      await repairLevel(levelPath)
      return { level: await open(), isRepaired: true }
    } catch (second) {
      throw openError(levelPath, second)
    }
  }
}

function repaired(message: string, cause?: CairnError): CairnError {
  return new CairnError('STORE_DAMAGED', message, { cause, rule: 'repaired' })
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

interface FoundLedger {
  readonly oldest: number
  readonly last: number
  readonly generation: number
  /** What removes numbers of batches that the ledger does not know of any more. */
  readonly forgotten: readonly LevelOperation[]
}

async function inspectLedger(level: LevelReader, options: SessionOptions): Promise<FoundLedger> {
  let state: LedgerState
  try {
    state = await readLedger(level)
  } catch (error) {
    const damage = readError('STORE_DAMAGED', `the batch ledger of ${options.levelPath}`, error)
    if (!options.acceptLoss || damage.code !== 'STORE_DAMAGED') throw damage
    options.onWarning(damage)
    // Beyond every number that may still stand there unseen.
    const last = (options.witnessed?.batch ?? unseenBatches) + 1
    const generation = drawGeneration(options.environment)
    return { oldest: last + 1, last, generation, forgotten: await forgetNumbers(level) }
  }
  const damage = options.isNew ? undefined : judgeLedger(state, options)
  const last = Math.max(state.last, options.witnessed?.batch ?? 0)
  if (damage === undefined) {
    const generation = state.generation + (options.mayHaveLostTail ? 1 : 0)
    return { oldest: state.oldest, last, generation, forgotten: [] }
  }
  const isLegitimate = damage.rule === 'lost-tail-os'
  if (!isLegitimate && !options.acceptLoss) throw damage
  options.onWarning(damage)
  const generation = state.hasBase ? state.generation + 1 : drawGeneration(options.environment)
  return { oldest: state.oldest, last, generation, forgotten: [] }
}

/** Removes every number that stands there, since the range of what might is as good as endless. */
async function forgetNumbers(level: LevelReader): Promise<LevelOperation[]> {
  const operations: LevelOperation[] = []
  try {
    for await (const page of level.scanKeys(kindRange('ledger'))) {
      for (const key of page) operations.push({ type: 'del', key })
    }
  } catch {
    // What cannot be read cannot be removed, and the loss is accepted.
  }
  return operations
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
