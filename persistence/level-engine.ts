import { CairnError } from '../protocol/errors.js'
import type { Environment, Timer } from '../runtime/environment.js'
import { CommittedWitness, readWitness } from './committed-witness.js'
import type { StoreHealth } from './document-store.js'
import { type CommitItem, GroupCommit } from './group-commit.js'
import { HealthSignal } from './health-signal.js'
import { openError } from './level-errors.js'
import type { LevelOperation, LevelPort, OpenLevel } from './level-port.js'
import { type LevelSession, openSession } from './level-session.js'
import { type StoreDirectory, takeStoreDirectory } from './store-directory.js'

/** Waits between attempts to reopen a failed database: doubling from the first to the last. */
const firstRetryMs = 250
const lastRetryMs = 10_000

export interface EngineOptions {
  readonly directory: string
  readonly durability: 'fsync' | 'os'
  readonly environment: Environment
  readonly openLevel: OpenLevel
  readonly acceptLoss: boolean
  readonly onWarning: (warning: CairnError) => void
  /** Called each time the store can be written again. */
  readonly onReady: () => void
}

/**
 * The life of one LevelDB: taken, opened, checked, written in groups, reopened by itself after a
 * failed write, closed. LevelDB refuses every write after a failed one until it is reopened.
 */
export class LevelEngine {
  readonly #options: EngineOptions
  readonly #health = new HealthSignal()
  readonly #commits: GroupCommit
  #directory: StoreDirectory | undefined
  #witness: CommittedWitness | undefined
  #session: LevelSession | undefined
  #incarnation = 0
  #retryTimer: Timer | undefined
  #retryMs = firstRetryMs
  #reviving: Promise<void> | undefined
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#commits = new GroupCommit(
      (operations, needsSync) => this.#write(operations, needsSync),
      (error) => this.#fail(error),
    )
  }

  get health(): StoreHealth {
    return this.#health.current
  }

  /** Bytes of updates that are not durable yet. */
  get queuedBytes(): number {
    return this.#commits.updateBytes
  }

  /** About the memory that the queue holds. */
  get heldBytes(): number {
    return this.#commits.heldBytes
  }

  /** Grows at each failure and close: what was opened in an earlier incarnation is fenced. */
  get incarnation(): number {
    return this.#incarnation
  }

  /** See `BatchLedger`: grows whenever acknowledged batches may have been lost. */
  get generation(): number {
    return this.#ready().ledger.generation
  }

  onHealth(listener: (health: StoreHealth) => void): () => void {
    return this.#health.subscribe(listener)
  }

  /** The open database, for reading. @throws STORE_CLOSED, STORE_UNAVAILABLE */
  get level(): LevelPort {
    return this.#ready().level
  }

  /** @throws STORE_CLOSED, STORE_UNAVAILABLE */
  push(item: CommitItem): void {
    this.#ready()
    this.#commits.push(item)
  }

  /**
   * Resolves once the operations are durable, all or none of them.
   * @param options.needsSync whether they have to survive a power cut whatever the durability
   */
  async commit(
    operations: readonly LevelOperation[],
    { needsSync = false }: { readonly needsSync?: boolean } = {},
  ): Promise<void> {
    this.#ready()
    let byteLength = 0
    for (const operation of operations) {
      byteLength += operation.key.length + (operation.type === 'put' ? operation.value.length : 0)
    }
    await new Promise<void>((resolve, reject) => {
      const what = { owner: undefined, record: undefined, operations, needsSync, byteLength }
      this.#commits.push({ ...what, resolve, reject })
    })
  }

  async open(): Promise<void> {
    await this.#closing
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    await this.#opening
  }

  /** Waits for what is queued, then lets go of everything. */
  close(): Promise<void> {
    if (this.#opening === undefined) return this.#closing ?? Promise.resolve()
    this.#closing ??= this.#close(this.#opening).finally(() => {
      this.#opening = undefined
      this.#closing = undefined
    })
    return this.#closing
  }

  async #open(): Promise<void> {
    const { directory, environment, acceptLoss, durability } = this.#options
    const taken = await takeStoreDirectory(directory, environment, acceptLoss)
    try {
      const witnessed = await readWitness(taken.path)
      const wasOnlySystem = witnessed?.durability === 'os' && !witnessed.isClosed
      const session = await openSession({
        ...this.#options,
        levelPath: taken.levelPath,
        isNew: taken.isNew,
        wasAbandoned: taken.wasAbandoned,
        witnessed,
        mayHaveLostTail: wasOnlySystem && taken.mayHaveLostPower,
      })
      try {
        this.#witness = await CommittedWitness.open(taken.path, durability, session.ledger.last)
        await taken.markReady()
      } catch (error) {
        await session.level.close()
        throw error
      }
      this.#directory = taken
      this.#session = session
    } catch (error) {
      await taken.release()
      throw openError(taken.path, error)
    }
    this.#becomeReady()
  }

  async #close(opening: Promise<void>): Promise<void> {
    await opening.catch(() => undefined)
    await this.#commits.idle()
    const last = await this.#syncLast()
    this.#incarnation++
    this.#retryTimer?.cancel()
    this.#retryTimer = undefined
    const session = this.#session
    this.#session = undefined
    this.#health.set({ state: 'closed' })
    await this.#reviving
    const closed = await Promise.allSettled([session?.level.close(), this.#witness?.close(last)])
    this.#witness = undefined
    await this.#directory?.release()
    this.#directory = undefined
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }

  /**
   * A store that was closed in order survives a power cut, whatever its durability. Resolves with the
   * last batch; undefined where that does not hold, and what was acknowledged is only as durable as
   * was promised.
   */
  async #syncLast(): Promise<number | undefined> {
    const session = this.#session
    if (session === undefined) return undefined
    if (this.#options.durability === 'fsync') return session.ledger.last
    const operations: LevelOperation[] = []
    session.ledger.stamp(operations)
    return session.level.write(operations, { sync: true }).then(
      () => session.ledger.last,
      () => undefined,
    )
  }

  #ready(): LevelSession {
    const session = this.#session
    if (session !== undefined && this.#closing === undefined) return session
    const { current } = this.#health
    if (current.state === 'unavailable') throw unavailable(this.#options.directory, current.error)
    throw new CairnError('STORE_CLOSED', `the store in ${this.#options.directory} is not open`)
  }

  async #write(operations: LevelOperation[], needsSync: boolean): Promise<void> {
    const session = this.#session
    if (session === undefined) throw new Error('the session ended before the batch was written')
    session.ledger.stamp(operations)
    const number = session.ledger.last
    const sync = needsSync || this.#options.durability === 'fsync'
    await session.level.write(operations, { sync })
    this.#witness?.note(number)
  }

  #becomeReady(): void {
    this.#retryMs = firstRetryMs
    this.#health.set({ state: 'ready' })
    this.#options.onReady()
  }

  /** What becomes of a failed batch only the disk knows, so everybody starts again from it. */
  #fail(cause: unknown): void {
    const session = this.#session
    if (session === undefined) {
      this.#commits.fail(unavailable(this.#options.directory, cause))
      return
    }
    this.#session = undefined
    this.#incarnation++
    const error = openError(this.#options.directory, cause)
    const since = this.#options.environment.wallClock()
    this.#health.set({ state: 'unavailable', since, error })
    this.#commits.fail(unavailable(this.#options.directory, error))
    const acknowledged = session.ledger.last - 1
    this.#reviving = session.level
      .close()
      .catch(() => undefined)
      .then(() => this.#scheduleRevival(acknowledged, since))
  }

  #scheduleRevival(acknowledged: number, since: number): void {
    this.#reviving = undefined
    if (this.#health.current.state !== 'unavailable') return
    const delay = this.#retryMs
    this.#retryMs = Math.min(delay * 2, lastRetryMs)
    this.#retryTimer = this.#options.environment.setTimer(() => {
      this.#reviving = this.#revive(acknowledged, since)
    }, delay)
  }

  async #revive(acknowledged: number, since: number): Promise<void> {
    try {
      const session = await openSession({
        ...this.#options,
        levelPath: this.#directory?.levelPath ?? this.#options.directory,
        isNew: false,
        wasAbandoned: false,
        acceptLoss: false,
        // The system still runs, so what it was given it still has, whatever the durability.
        witnessed: { batch: acknowledged, durability: 'fsync', isClosed: false },
        mayHaveLostTail: false,
      })
      this.#reviving = undefined
      if (this.#health.current.state !== 'unavailable') return await session.level.close()
      this.#witness?.note(session.ledger.last)
      this.#session = session
      this.#becomeReady()
    } catch (cause) {
      const error = openError(this.#options.directory, cause)
      if (this.#health.current.state !== 'unavailable') return
      this.#health.set({ state: 'unavailable', since, error })
      this.#scheduleRevival(acknowledged, since)
    }
  }
}

function unavailable(directory: string, cause: unknown): CairnError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CairnError(
    'STORE_UNAVAILABLE',
    `the store in ${directory} refuses writes for now (${reason}): open the log again once the` +
      ' store is ready',
    { cause },
  )
}
