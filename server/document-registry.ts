import type { CairnError } from '../protocol/errors.js'
import { Document, type DocumentUser } from './document.js'
import type { DocumentContext } from './document-context.js'
import type { OpenDocument } from './open-document.js'
import type { PresenceTable } from './presence-table.js'

/**
 * The documents in memory, by name. Opening is single-flight: whoever asks while a document opens
 * waits for the same one; whoever asks while it closes waits and opens it anew.
 */
export class DocumentRegistry {
  readonly #context: DocumentContext
  readonly #createPresence: (name: string) => PresenceTable
  readonly #documents = new Map<string, Document>()
  /** Why nothing is opened any more. */
  #closed: CairnError | undefined

  constructor(context: DocumentContext, createPresence: (name: string) => PresenceTable) {
    this.#context = context
    this.#createPresence = createPresence
  }

  get size(): number {
    return this.#documents.size
  }

  find(name: string): Document | undefined {
    return this.#documents.get(name)
  }

  /**
   * Opens `name` where it is not open yet and keeps it for `user` until `user` is released from the
   * returned document.
   * @throws DOCUMENT_DAMAGED, STORE_UNAVAILABLE; what `closeAll` was given, after that
   */
  async use(name: string, user: DocumentUser): Promise<{ document: Document; open: OpenDocument }> {
    for (;;) {
      // Whoever asked before may still be waiting for a document that is closed by now.
      if (this.#closed !== undefined) throw this.#closed
      const document = this.#documents.get(name) ?? this.#create(name)
      if (document.state === 'closing') {
        await document.whenReplaceable()
        continue
      }
      const open = await document.use(user)
      if (document.openDocument === open) return { document, open }
      // It was closed between its opening and this turn.
      document.release(user)
    }
  }

  tick(now: number): void {
    for (const document of this.#documents.values()) document.tick(now)
  }

  /** Resolves when all that was admitted is durable, and has been shown and acknowledged. */
  async settle(): Promise<void> {
    await Promise.all(
      [...this.#documents.values()].map(async ({ openDocument }) => {
        await openDocument?.whenCommitted()
        openDocument?.fanOut.flush()
      }),
    )
  }

  /** Closes all of them, for good; users hear `error`, and so does whoever asks from now on. */
  async closeAll(error: CairnError): Promise<void> {
    this.#closed = error
    await Promise.all([...this.#documents.values()].map((document) => document.close(error)))
  }

  #create(name: string): Document {
    const document = new Document(this.#context, name, this.#createPresence(name), () => {
      if (this.#documents.get(name) === document) this.#documents.delete(name)
    })
    this.#documents.set(name, document)
    return document
  }
}
