import type * as Y from 'yjs'
import type { Environment } from '../runtime/environment.js'
import { openPersistence, type Persistence } from './persistence.js'

export interface KeptDocumentOptions {
  readonly environment: Environment
  /** Of the database; undefined keeps nothing. */
  readonly name: string | undefined
  readonly doc: Y.Doc
  /** What was kept is in the Y.Doc. @param epoch of which life of which document; may be empty */
  onLoaded(epoch: Uint8Array): void
  onError(error: unknown): void
}

/** The document as this browser keeps it, from the first change on, connected or not. */
export class KeptDocument {
  readonly #loading: Promise<void> | undefined
  #origin: object | undefined
  #persistence: Persistence | undefined
  #isLoading = false

  constructor({ environment, name, doc, onLoaded, onError }: KeptDocumentOptions) {
    if (name === undefined) return
    this.#isLoading = true
    const onOpening = (origin: object): void => {
      this.#origin = origin
    }
    const loading = openPersistence(environment, name, doc, onOpening).then((persistence) => {
      this.#persistence = persistence
      onLoaded(persistence.epoch)
    })
    // The document is not kept then, but there is no reason not to have it from the server.
    this.#loading = loading.catch(onError).finally(() => {
      this.#isLoading = false
    })
  }

  /** Resolves when all that was kept is there; undefined where there is nothing to wait for. */
  get loading(): Promise<void> | undefined {
    return this.#isLoading ? this.#loading : undefined
  }

  /** Whether a change came from what was kept. */
  isOrigin(origin: unknown): boolean {
    return this.#origin !== undefined && origin === this.#origin
  }

  keepEpoch(epoch: Uint8Array): void {
    this.#persistence?.keepEpoch(epoch)
  }

  /** Deletes what is kept. */
  async clear(): Promise<void> {
    await this.#loading
    await this.#persistence?.clear()
  }

  /** Lets go of the database, which stays. */
  async close(): Promise<void> {
    await this.#loading
    await this.#persistence?.close()
  }
}
