import type {
  DocumentLog,
  DocumentStore,
  ExportedDocument,
  ListOptions,
  StoreHealth,
} from '../../persistence/document-store.js'

/** What stands between a server and its store: everything goes through, logs by way of `wrapLog`. */
export class ForwardingStore implements DocumentStore {
  readonly #inner: DocumentStore
  readonly #wrapLog: (log: DocumentLog) => DocumentLog | Promise<DocumentLog>

  constructor(
    inner: DocumentStore,
    wrapLog: (log: DocumentLog) => DocumentLog | Promise<DocumentLog>,
  ) {
    this.#inner = inner
    this.#wrapLog = wrapLog
  }

  get durability() {
    return this.#inner.durability
  }

  get health(): StoreHealth {
    return this.#inner.health
  }

  get queuedBytes(): number {
    return this.#inner.queuedBytes
  }

  onHealth(listener: (health: StoreHealth) => void): () => void {
    return this.#inner.onHealth(listener)
  }

  open(): Promise<void> {
    return this.#inner.open()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async openLog(name: string): Promise<DocumentLog> {
    return this.#wrapLog(await this.#inner.openLog(name))
  }

  list(options?: ListOptions) {
    return this.#inner.list(options)
  }

  stat(name: string) {
    return this.#inner.stat(name)
  }

  delete(name: string) {
    return this.#inner.delete(name)
  }

  exportDocument(name: string, options?: { readonly salvage?: boolean }) {
    return this.#inner.exportDocument(name, options)
  }

  importDocument(document: ExportedDocument) {
    return this.#inner.importDocument(document)
  }

  verify(name: string) {
    return this.#inner.verify(name)
  }
}

/** A log that does what `inner` does but for `changes`. */
export function forwardLog(
  inner: DocumentLog,
  changes: Partial<
    Pick<DocumentLog, 'append' | 'readTail' | 'readSnapshot' | 'writeSnapshot' | 'close'>
  >,
): DocumentLog {
  return {
    get name() {
      return inner.name
    },
    get epoch() {
      return inner.epoch
    },
    get head() {
      return inner.head
    },
    get snapshot() {
      return inner.snapshot
    },
    readTail: () => inner.readTail(),
    readSnapshot: () => inner.readSnapshot(),
    append: (record) => inner.append(record),
    writeSnapshot: (snapshot) => inner.writeSnapshot(snapshot),
    close: () => inner.close(),
    ...changes,
  }
}
