import { CairnError } from '../protocol/errors.js'
import type {
  Appended,
  DocumentLog,
  LogRecord,
  NewRecord,
  NewSnapshot,
  SnapshotInfo,
} from './document-store.js'

/** One document of a memory store. */
export interface MemoryDocument {
  readonly name: string
  readonly epoch: Uint8Array
  readonly createdAt: number
  snapshot: NewSnapshot | undefined
  /** After the snapshot, in order. */
  records: LogRecord[]
}

export function headOf(document: MemoryDocument): number {
  return document.records.at(-1)?.sequence ?? document.snapshot?.through ?? 0
}

/** What a memory log asks of its store. */
export interface MemoryLogContext {
  /** The document once it was written. */
  find(): MemoryDocument | undefined
  /** Makes the document at its first write. */
  create(): MemoryDocument
  time(): number
  /** Runs `settle` in the turn in which all that was appended meanwhile becomes durable. */
  enqueue(byteLength: number, settle: () => void): void
  onClosed(): void
}

const pageRecords = 1000

export class MemoryDocumentLog implements DocumentLog {
  readonly name: string
  readonly #context: MemoryLogContext
  #lastAppend: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(name: string, context: MemoryLogContext) {
    this.name = name
    this.#context = context
  }

  get epoch(): Uint8Array | undefined {
    return this.#context.find()?.epoch
  }

  get head(): number {
    const document = this.#context.find()
    return document === undefined ? 0 : headOf(document)
  }

  get snapshot(): SnapshotInfo | undefined {
    const snapshot = this.#context.find()?.snapshot
    if (snapshot === undefined) return undefined
    const { update, ...index } = snapshot
    return { ...index, byteLength: update.byteLength }
  }

  async *readTail(): AsyncIterable<readonly LogRecord[]> {
    this.#check()
    const records = [...(this.#context.find()?.records ?? [])]
    for (let start = 0; start < records.length; start += pageRecords) {
      yield records.slice(start, start + pageRecords)
    }
  }

  async readSnapshot(): Promise<Uint8Array> {
    this.#check()
    const snapshot = this.#context.find()?.snapshot
    if (snapshot !== undefined) return snapshot.update
    throw new Error(`document "${this.name}" has no snapshot: look at \`snapshot\` first`)
  }

  append(record: NewRecord): Promise<Appended> {
    const { update, principal, connection } = record
    const appended = new Promise<Appended>((resolve) => {
      this.#check()
      const time = this.#context.time()
      this.#context.enqueue(update.byteLength, () => {
        const document = this.#context.create()
        const sequence = headOf(document) + 1
        document.records.push({ sequence, time, update, principal, connection })
        resolve({ sequence, epoch: document.epoch })
      })
    })
    this.#lastAppend = appended
    return appended
  }

  async writeSnapshot(snapshot: NewSnapshot): Promise<boolean> {
    this.#check()
    const document = this.#context.find()
    if (document === undefined || snapshot.through > headOf(document)) return false
    if (snapshot.through <= (document.snapshot?.through ?? 0)) return false
    document.snapshot = snapshot
    document.records = document.records.filter(({ sequence }) => sequence > snapshot.through)
    return true
  }

  close(): Promise<void> {
    this.#closing ??= this.#lastAppend.catch(() => undefined).then(() => this.#context.onClosed())
    return this.#closing
  }

  #check(): void {
    if (this.#closing === undefined) return
    throw new CairnError('STORE_UNAVAILABLE', `the log of "${this.name}" is closed: open it again`)
  }
}
