import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { listFromLevel } from './document-list.js'
import { findDocument, findIds, readSnapshotInfo } from './document-lookup.js'
import { encodeName } from './document-name.js'
import type {
  DocumentLog,
  DocumentStat,
  DocumentStore,
  DocumentSummary,
  ExportedDocument,
  ListOptions,
  StoreHealth,
  VerifyReport,
} from './document-store.js'
import { mixGeneration } from './epoch-generation.js'
import { exportFromLevel } from './export-document.js'
import { GarbageSweeper } from './garbage-sweeper.js'
import { importToLevel } from './import-document.js'
import { LevelEngine } from './level-engine.js'
import { readError } from './level-errors.js'
import { nameKey } from './level-keys.js'
import { LevelDocumentLog } from './level-log.js'
import {
  type LevelOperation,
  type LevelView,
  type OpenLevel,
  openClassicLevel,
} from './level-port.js'
import { NameLocks } from './name-locks.js'
import { putMark } from './snapshot-writer.js'
import { summarizeTail } from './tail-summary.js'
import { verifyInLevel } from './verify-document.js'

export interface LevelStoreOptions {
  /**
   * `fsync`: an acknowledged record survives a power cut. `os`: it survives a killed process.
   * @default 'fsync'
   */
  readonly durability?: 'fsync' | 'os'
  /** @default the system's clock and randomness */
  readonly environment?: Environment
  /** Beyond this many bytes that wait to be written, `append` rejects. @default 268435456 */
  readonly maxQueuedBytes?: number
  /**
   * Opens a damaged store without what it lost: the database is copied and repaired where LevelDB
   * refuses it, and what is missing is given to `onWarning`. Every document then has another epoch.
   * For one open, after a look; a sound store is opened as ever.
   * @default false
   */
  readonly acceptLoss?: boolean
  /** Told of damage that does not stop the store. @default nobody is told */
  readonly onWarning?: (warning: CairnError) => void
  /** Opens the database; a test may put failures in between. @default openClassicLevel */
  readonly openLevel?: OpenLevel
}

const defaultMaxQueuedBytes = 256 * 1024 * 1024

/**
 * A store in a directory of its own, on LevelDB. One process at a time has it open.
 * `docs/STORAGE.md` describes the files and what damage does.
 */
export function levelStore(directory: string, options: LevelStoreOptions = {}): DocumentStore {
  return new LevelStore(directory, options)
}

class LevelStore implements DocumentStore {
  readonly durability: 'fsync' | 'os'
  readonly #engine: LevelEngine
  readonly #sweeper: GarbageSweeper
  readonly #environment: Environment
  readonly #maxQueuedBytes: number
  readonly #names = new NameLocks()
  readonly #logs = new Set<LevelDocumentLog>()

  constructor(directory: string, options: LevelStoreOptions) {
    const onWarning = options.onWarning ?? (() => undefined)
    this.durability = options.durability ?? 'fsync'
    this.#environment = options.environment ?? systemEnvironment
    this.#maxQueuedBytes = options.maxQueuedBytes ?? defaultMaxQueuedBytes
    this.#engine = new LevelEngine({
      directory,
      durability: this.durability,
      environment: this.#environment,
      openLevel: options.openLevel ?? openClassicLevel,
      acceptLoss: options.acceptLoss ?? false,
      onWarning,
      onReady: () => this.#sweeper.kick(),
    })
    this.#sweeper = new GarbageSweeper(this.#engine, onWarning)
  }

  get health(): StoreHealth {
    return this.#engine.health
  }

  get queuedBytes(): number {
    return this.#engine.queuedBytes
  }

  onHealth(listener: (health: StoreHealth) => void): () => void {
    return this.#engine.onHealth(listener)
  }

  open(): Promise<void> {
    return this.#engine.open()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs].map((log) => log.close()))
    await this.#sweeper.stop()
    await this.#engine.close()
  }

  async openLog(name: string): Promise<DocumentLog> {
    const nameBytes = encodeName(name)
    const release = this.#names.take(name)
    try {
      const start = await this.#read(name, async (view) => {
        const found = await findDocument(view, name, nameBytes)
        if (found === undefined) return { entry: undefined, snapshot: undefined, head: 0 }
        return { ...found, snapshot: await readSnapshotInfo(view, name, found.entry) }
      })
      const log: LevelDocumentLog = new LevelDocumentLog(
        { name, nameBytes, ...start },
        {
          engine: this.#engine,
          environment: this.#environment,
          maxQueuedBytes: this.#maxQueuedBytes,
          onGarbage: () => this.#sweeper.kick(),
          onClosed: () => {
            this.#logs.delete(log)
            release()
          },
        },
      )
      this.#logs.add(log)
      return log
    } catch (error) {
      release()
      throw error
    }
  }

  async list(options: ListOptions = {}): Promise<readonly DocumentSummary[]> {
    const { generation } = this.#engine
    return this.#read(undefined, (view) => listFromLevel(view, options, generation))
  }

  async stat(name: string): Promise<DocumentStat | undefined> {
    const nameBytes = encodeName(name)
    return this.#read(name, async (view) => {
      const found = await findDocument(view, name, nameBytes)
      if (found === undefined) return undefined
      const { entry, head } = found
      const after = entry.snapshot?.through ?? 0
      return {
        name,
        epoch: mixGeneration(entry.epoch, this.#engine.generation),
        createdAt: entry.createdAt,
        head,
        snapshotThrough: after,
        snapshotBytes: entry.snapshot?.byteLength ?? 0,
        ...(await summarizeTail(view, { name, id: entry.id, after, head })),
      }
    })
  }

  async delete(name: string): Promise<boolean> {
    const nameBytes = encodeName(name)
    const release = this.#names.take(name)
    try {
      // Damage does not keep a document from being deleted: what either key names goes.
      const ids = await this.#read(name, (view) => findIds(view, nameBytes))
      if (ids === undefined) return false
      const operations: readonly LevelOperation[] = [
        { type: 'del', key: nameKey('catalogue', nameBytes) },
        { type: 'del', key: nameKey('guard', nameBytes) },
        ...ids.map((id) => putMark('sweep', { what: 'document', id })),
      ]
      // Its records go next, and no power cut may bring it back without them.
      await this.#engine.commit(operations, { needsSync: true })
      this.#sweeper.kick()
      return true
    } finally {
      release()
    }
  }

  async exportDocument(
    name: string,
    options: { readonly salvage?: boolean } = {},
  ): Promise<ExportedDocument | undefined> {
    const nameBytes = encodeName(name)
    const { generation } = this.#engine
    return this.#read(name, (view) =>
      exportFromLevel(view, { name, nameBytes, generation, salvage: options.salvage ?? false }),
    )
  }

  async importDocument(document: ExportedDocument): Promise<void> {
    const nameBytes = encodeName(document.name)
    const release = this.#names.take(document.name)
    try {
      const ids = await this.#read(document.name, (view) => findIds(view, nameBytes))
      if (ids !== undefined) {
        throw new CairnError(
          'DOCUMENT_EXISTS',
          `there is a document "${document.name}": delete it first, or import under another name`,
        )
      }
      await importToLevel(document, nameBytes, this.#engine, this.#environment)
    } finally {
      release()
    }
  }

  async verify(name: string): Promise<VerifyReport> {
    const nameBytes = encodeName(name)
    return this.#read(name, (view) => verifyInLevel(view, name, nameBytes))
  }

  /** Reads from one state of the database, whatever is written meanwhile. */
  async #read<T>(name: string | undefined, read: (view: LevelView) => Promise<T>): Promise<T> {
    const view = this.#engine.level.view()
    try {
      return await read(view)
    } catch (error) {
      if (name !== undefined) throw readError('DOCUMENT_DAMAGED', `document "${name}"`, error)
      throw readError('STORE_DAMAGED', 'the catalogue of the store', error)
    } finally {
      await view.close()
    }
  }
}
