import type {
  Appended,
  DocumentLog,
  DocumentStore,
  ExportedDocument,
  ListOptions,
  NewRecord,
  NewSnapshot,
  StoreHealth,
} from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'

/**
 * A store whose appends wait for the test: nothing is durable until `release`, and after `breakDown`
 * everything that waits, and whatever comes, is refused until `heal`.
 */
export class GatedStore implements DocumentStore {
  readonly #inner: DocumentStore
  #waiting: { readonly run: () => void; readonly refuse: () => void }[] = []
  #isHeld = false
  #isBroken = false
  /** Rejects the next `openLog` with this. */
  openError: CairnError | undefined
  /** Awaited before a log opens. */
  beforeOpen: Promise<unknown> = Promise.resolve()
  openLogs = 0

  constructor(inner: DocumentStore) {
    this.#inner = inner
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

  get waitingAppends(): number {
    return this.#waiting.length
  }

  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    for (const { run } of this.#waiting.splice(0)) run()
  }

  breakDown(): void {
    this.#isBroken = true
    this.#isHeld = false
    for (const { refuse } of this.#waiting.splice(0)) refuse()
  }

  heal(): void {
    this.#isBroken = false
  }

  onHealth(listener: (health: StoreHealth) => void) {
    return this.#inner.onHealth(listener)
  }

  open() {
    return this.#inner.open()
  }

  close() {
    return this.#inner.close()
  }

  async openLog(name: string): Promise<DocumentLog> {
    await this.beforeOpen
    if (this.openError !== undefined) throw this.openError
    if (this.#isBroken) throw unavailable()
    const log = await this.#inner.openLog(name)
    this.openLogs++
    return this.#gate(log)
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

  #gate(log: DocumentLog): DocumentLog {
    const append = (record: NewRecord) => this.#append(log, record)
    const close = async () => {
      await log.close()
      this.openLogs--
    }
    return {
      get name() {
        return log.name
      },
      get epoch() {
        return log.epoch
      },
      get head() {
        return log.head
      },
      get snapshot() {
        return log.snapshot
      },
      readTail: () => log.readTail(),
      readSnapshot: () => log.readSnapshot(),
      writeSnapshot: (snapshot: NewSnapshot) => log.writeSnapshot(snapshot),
      append,
      close,
    }
  }

  #append(log: DocumentLog, record: NewRecord): Promise<Appended> {
    if (this.#isBroken) return Promise.reject(unavailable())
    if (!this.#isHeld) return log.append(record)
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        run: () => log.append(record).then(resolve, reject),
        refuse: () => reject(unavailable()),
      })
    })
  }
}

function unavailable(): CairnError {
  return new CairnError('STORE_UNAVAILABLE', 'the disk of this test is broken')
}
