import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { checkWhole } from './check-whole.js'
import { compareNames, encodeName } from './document-name.js'
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
import { HealthSignal } from './health-signal.js'
import { headOf, type MemoryDocument, MemoryDocumentLog } from './memory-log.js'
import { NameLocks } from './name-locks.js'
import { recordTime } from './record-time.js'

export interface MemoryStoreOptions {
  /** @default the system's clock and randomness */
  readonly environment?: Environment
}

const epochLength = 16
const defaultListLimit = 1000

/**
 * A store in memory, for tests and for documents that need not last. It keeps its documents over
 * `close` and `open`, and nothing beyond the life of the object.
 */
export function memoryStore(options: MemoryStoreOptions = {}): DocumentStore {
  return new MemoryStore(options.environment ?? systemEnvironment)
}

class MemoryStore implements DocumentStore {
  readonly durability = 'memory'
  readonly #environment: Environment
  readonly #documents = new Map<string, MemoryDocument>()
  readonly #health = new HealthSignal()
  readonly #names = new NameLocks()
  readonly #logs = new Set<MemoryDocumentLog>()
  #pending: (() => void)[] = []
  #queuedBytes = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  get health(): StoreHealth {
    return this.#health.current
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  onHealth(listener: (health: StoreHealth) => void): () => void {
    return this.#health.subscribe(listener)
  }

  async open(): Promise<void> {
    if (this.health.state !== 'ready') this.#health.set({ state: 'ready' })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs].map((log) => log.close()))
    if (this.health.state !== 'closed') this.#health.set({ state: 'closed' })
  }

  async openLog(name: string): Promise<DocumentLog> {
    encodeName(name)
    this.#check()
    const release = this.#names.take(name)
    const log: MemoryDocumentLog = new MemoryDocumentLog(name, {
      find: () => this.#documents.get(name),
      create: () => this.#create(name),
      time: () => this.#time(),
      enqueue: (byteLength, settle) => this.#enqueue(byteLength, settle),
      onClosed: () => {
        this.#logs.delete(log)
        release()
      },
    })
    this.#logs.add(log)
    return log
  }

  async list(options: ListOptions = {}): Promise<readonly DocumentSummary[]> {
    this.#check()
    const { prefix = '', after, limit = defaultListLimit } = options
    const names = [...this.#documents.keys()]
      .filter((name) => name.startsWith(prefix))
      .filter((name) => after === undefined || compareNames(name, after) > 0)
      .sort(compareNames)
      .slice(0, limit)
    const found = names.map((name) => this.#documents.get(name))
    return found.filter((document) => document !== undefined).map(summaryOf)
  }

  async stat(name: string): Promise<DocumentStat | undefined> {
    encodeName(name)
    this.#check()
    const document = this.#documents.get(name)
    return document === undefined ? undefined : statOf(document)
  }

  async delete(name: string): Promise<boolean> {
    encodeName(name)
    this.#check()
    this.#names.take(name)()
    return this.#documents.delete(name)
  }

  async exportDocument(name: string): Promise<ExportedDocument | undefined> {
    encodeName(name)
    this.#check()
    const document = this.#documents.get(name)
    return document === undefined ? undefined : { ...document, records: [...document.records] }
  }

  async importDocument(document: ExportedDocument): Promise<void> {
    encodeName(document.name)
    this.#check()
    this.#names.take(document.name)()
    if (this.#documents.has(document.name)) {
      throw new CairnError('DOCUMENT_EXISTS', `there is a document "${document.name}"`)
    }
    checkWhole(document)
    this.#documents.set(document.name, { ...document, records: [...document.records] })
  }

  async verify(name: string): Promise<VerifyReport> {
    const found = await this.stat(name)
    const problems = found === undefined ? [`there is no document "${name}"`] : []
    const bytes = (found?.snapshotBytes ?? 0) + (found?.tailBytes ?? 0)
    return { name, records: found?.tailRecords ?? 0, bytes, problems }
  }

  #check(): void {
    if (this.health.state === 'ready') return
    throw new CairnError('STORE_CLOSED', 'the memory store is not open: call open first')
  }

  #time(): number {
    return recordTime(this.#environment)
  }

  #create(name: string): MemoryDocument {
    const found = this.#documents.get(name)
    if (found !== undefined) return found
    const document: MemoryDocument = {
      name,
      epoch: this.#environment.randomBytes(epochLength),
      createdAt: this.#time(),
      snapshot: undefined,
      records: [],
    }
    this.#documents.set(name, document)
    return document
  }

  #enqueue(byteLength: number, settle: () => void): void {
    this.#queuedBytes += byteLength
    this.#pending.push(() => {
      this.#queuedBytes -= byteLength
      settle()
    })
    if (this.#pending.length === 1) this.#environment.defer(() => this.#settleAll())
  }

  #settleAll(): void {
    const pending = this.#pending
    this.#pending = []
    for (const settle of pending) settle()
  }
}

function summaryOf({ name, epoch, createdAt }: MemoryDocument): DocumentSummary {
  return { name, epoch, createdAt }
}

function statOf(document: MemoryDocument): DocumentStat {
  let tailBytes = 0
  for (const { update } of document.records) tailBytes += update.byteLength
  return {
    ...summaryOf(document),
    head: headOf(document),
    snapshotThrough: document.snapshot?.through ?? 0,
    snapshotBytes: document.snapshot?.update.byteLength ?? 0,
    tailRecords: document.records.length,
    tailBytes,
    lastWriteAt: document.records.at(-1)?.time,
  }
}
