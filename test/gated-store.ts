import { ForwardingStore, forwardLog } from '../bench/simulator/forwarding-store.js'
import type {
  Appended,
  DocumentLog,
  DocumentStore,
  NewRecord,
} from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'

/**
 * A store whose appends wait for the test: nothing is durable until `release`, and after `breakDown`
 * everything that waits, and whatever comes, is refused until `heal`.
 */
export class GatedStore extends ForwardingStore {
  #waiting: { readonly bytes: number; readonly run: () => void; readonly refuse: () => void }[] = []
  #isHeld = false
  #isBroken = false
  /** Rejects the next `openLog` with this. */
  openError: CairnError | undefined
  /** Awaited before a log opens. */
  beforeOpen: Promise<unknown> = Promise.resolve()
  openLogs = 0

  constructor(inner: DocumentStore) {
    super(inner, (log) => this.#gate(log))
  }

  get waitingAppends(): number {
    return this.#waiting.length
  }

  override get queuedBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, super.queuedBytes)
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

  override async openLog(name: string): Promise<DocumentLog> {
    await this.beforeOpen
    if (this.openError !== undefined) throw this.openError
    if (this.#isBroken) throw unavailable()
    return super.openLog(name)
  }

  #gate(log: DocumentLog): DocumentLog {
    this.openLogs++
    return forwardLog(log, {
      append: (record) => this.#append(log, record),
      close: async () => {
        await log.close()
        this.openLogs--
      },
    })
  }

  #append(log: DocumentLog, record: NewRecord): Promise<Appended> {
    if (this.#isBroken) return Promise.reject(unavailable())
    if (!this.#isHeld) return log.append(record)
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        bytes: record.update.byteLength,
        run: () => log.append(record).then(resolve, reject),
        refuse: () => reject(unavailable()),
      })
    })
  }
}

function unavailable(): CairnError {
  return new CairnError('STORE_UNAVAILABLE', 'the disk of this test is broken')
}
