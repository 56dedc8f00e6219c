import { CairnError } from '../protocol/errors.js'
import type { Environment } from '../runtime/environment.js'
import { type CatalogueEntry, epochLength } from './catalogue-entry.js'
import { catalogueOperations, guardOperation } from './catalogue-operations.js'
import { readSnapshotUpdate } from './document-lookup.js'
import type {
  Appended,
  DocumentLog,
  LogRecord,
  NewRecord,
  NewSnapshot,
  SnapshotInfo,
} from './document-store.js'
import { mixGeneration } from './epoch-generation.js'
import type { LevelEngine } from './level-engine.js'
import { documentIdLength, snapshotIdLength } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { recordTime } from './record-time.js'
import { readRecords } from './segment-reader.js'
import { writeSnapshotChunks } from './snapshot-writer.js'

/** What a record costs beyond its update, roughly: in memory while it waits, and on the disk. */
const recordOverhead = 128

export interface LogContext {
  readonly engine: LevelEngine
  readonly environment: Environment
  readonly maxQueuedBytes: number
  /** Called once, when the log is closed. */
  readonly onClosed: () => void
  /** Called when there is something to remove. */
  readonly onGarbage: () => void
}

export interface LogStart {
  readonly name: string
  readonly nameBytes: Uint8Array
  readonly entry: CatalogueEntry | undefined
  readonly snapshot: SnapshotInfo | undefined
  readonly head: number
}

/** The log of one document in LevelDB. */
export class LevelDocumentLog implements DocumentLog {
  readonly name: string
  /** The key prefix of the document's data; drawn anew for a document that was never written. */
  readonly id: Uint8Array
  readonly #nameBytes: Uint8Array
  readonly #context: LogContext
  readonly #incarnation: number
  /** What the catalogue holds, or will hold with the first write. */
  #entry: CatalogueEntry
  readonly #epoch: Uint8Array
  #snapshot: SnapshotInfo | undefined
  #head: number
  /** The sequence that was given out last. */
  #assigned: number
  readonly #guardedHead: number
  #lastAppend: Promise<unknown> = Promise.resolve()
  #snapshotWrite: Promise<unknown> = Promise.resolve()
  #fence: CairnError | undefined
  #closing: Promise<void> | undefined

  constructor(start: LogStart, context: LogContext) {
    const { engine, environment } = context
    this.name = start.name
    this.#nameBytes = start.nameBytes
    this.#context = context
    this.#incarnation = engine.incarnation
    this.#entry = start.entry ?? {
      id: environment.randomBytes(documentIdLength),
      epoch: environment.randomBytes(epochLength),
      createdAt: recordTime(environment),
      snapshot: undefined,
    }
    this.id = this.#entry.id
    this.#epoch = mixGeneration(this.#entry.epoch, engine.generation)
    this.#snapshot = start.snapshot
    this.#head = start.head
    this.#assigned = start.head
    this.#guardedHead = start.head
  }

  get epoch(): Uint8Array | undefined {
    return this.#head === 0 ? undefined : this.#epoch
  }

  get head(): number {
    return this.#head
  }

  get snapshot(): SnapshotInfo | undefined {
    return this.#snapshot
  }

  async *readTail(): AsyncIterable<readonly LogRecord[]> {
    this.#check()
    const view = this.#context.engine.level.view()
    try {
      const after = this.#snapshot?.through ?? 0
      yield* readRecords(view, { name: this.name, id: this.id, after, head: this.#head })
    } finally {
      await view.close()
    }
  }

  async readSnapshot(): Promise<Uint8Array> {
    this.#check()
    const view = this.#context.engine.level.view()
    try {
      const update = await readSnapshotUpdate(view, this.name, this.#entry)
      if (update !== undefined) return update
    } finally {
      await view.close()
    }
    throw new Error(`document "${this.name}" has no snapshot: look at \`snapshot\` first`)
  }

  append(record: NewRecord): Promise<Appended> {
    const appended = this.#append(record)
    this.#lastAppend = appended
    return appended
  }

  async writeSnapshot(snapshot: NewSnapshot): Promise<boolean> {
    this.#check()
    const before = this.#snapshotWrite
    const written = (async () => {
      await before.catch(() => undefined)
      return this.#writeSnapshot(snapshot)
    })()
    this.#snapshotWrite = written
    return written
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #append(record: NewRecord): Promise<Appended> {
    const { engine, environment, maxQueuedBytes } = this.#context
    const byteLength = record.update.byteLength + recordOverhead
    return new Promise((resolve, reject) => {
      this.#check()
      if (engine.heldBytes + byteLength > maxQueuedBytes) {
        throw this.#refuse(queueFull(engine.heldBytes, maxQueuedBytes))
      }
      const sequence = this.#assigned + 1
      const time = recordTime(environment)
      const { update, principal, connection } = record
      const isFirst = sequence === 1
      engine.push({
        owner: this,
        record: { sequence, time, update, principal, connection },
        operations: isFirst ? this.#firstOperations(time) : noOperations,
        // Clients that were told of an epoch take a document without it for a deleted one.
        needsSync: isFirst,
        byteLength,
        resolve: () => {
          this.#head = sequence
          resolve({ sequence, epoch: this.#epoch })
        },
        reject: (error) => reject(this.#refuse(error)),
      })
      this.#assigned = sequence
    })
  }

  #firstOperations(createdAt: number): readonly LevelOperation[] {
    this.#entry = { ...this.#entry, createdAt }
    return catalogueOperations(this.#nameBytes, this.#entry, 1)
  }

  async #writeSnapshot(snapshot: NewSnapshot): Promise<boolean> {
    this.#check()
    if (snapshot.through <= (this.#snapshot?.through ?? 0)) return false
    if (snapshot.through > this.#head) return false
    const { engine, environment } = this.#context
    const snapshotId = environment.randomBytes(snapshotIdLength)
    const written = { nameBytes: this.#nameBytes, entry: this.#entry, snapshotId, snapshot }
    this.#entry = await writeSnapshotChunks(written, (operations, options) => {
      this.#check()
      return engine.commit(operations, options)
    })
    const { update, ...index } = snapshot
    this.#snapshot = { ...index, byteLength: update.byteLength }
    this.#context.onGarbage()
    return true
  }

  async #close(): Promise<void> {
    await this.#lastAppend.catch(() => undefined)
    await this.#snapshotWrite.catch(() => undefined)
    this.#noteHead()
    this.#fence ??= new CairnError('STORE_UNAVAILABLE', `the log of "${this.name}" is closed`)
    this.#context.onClosed()
  }

  /**
   * Leaves the head in the guard, so that a tail that damage takes later is missed. Nobody waits
   * for it: it is a witness, and what it would prove is durable already.
   */
  #noteHead(): void {
    if (this.#head === this.#guardedHead || this.#isFenced) return
    const { engine } = this.#context
    const operation = guardOperation(this.#nameBytes, { id: this.id, head: this.#head })
    engine.commit([operation]).catch(() => undefined)
  }

  get #isFenced(): boolean {
    return this.#fence !== undefined || this.#incarnation !== this.#context.engine.incarnation
  }

  #check(): void {
    if (this.#fence !== undefined) throw this.#fence
    if (this.#closing !== undefined) {
      throw new CairnError('STORE_UNAVAILABLE', `the log of "${this.name}" is closing`)
    }
    if (this.#incarnation !== this.#context.engine.incarnation) {
      throw new CairnError(
        'STORE_UNAVAILABLE',
        `the store failed or was closed since the log of "${this.name}" was opened: open it again`,
      )
    }
  }

  /** After one refusal nothing may follow: it could rest on what was refused. */
  #refuse(error: CairnError): CairnError {
    this.#fence ??= error
    return error
  }
}

const noOperations: readonly LevelOperation[] = []

function queueFull(held: number, limit: number): CairnError {
  return new CairnError(
    'STORE_UNAVAILABLE',
    `${held} bytes wait to be written and the limit (maxQueuedBytes) is ${limit}: append less at` +
      ' a time, or raise the limit',
    { rule: 'queue-full' },
  )
}
