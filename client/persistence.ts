import type * as Y from 'yjs'
import { ProviderError } from './provider-error.js'

/** The Y.Doc as the browser keeps it over a reload. */
export interface Persistence {
  /** The origin of what it loads into the Y.Doc. */
  readonly origin: object
  /** Which life of which document was kept; empty where that is not known. */
  readonly epoch: Uint8Array
  keepEpoch(epoch: Uint8Array): void
  /** Deletes what is kept. */
  clear(): Promise<void>
  /** Lets go of the database, which stays. */
  close(): Promise<void>
}

const epochKey = 'cairn.epoch'

/**
 * Keeps `doc` in IndexedDB with `y-indexeddb`, which the application installs, and resolves when what
 * was kept is in it.
 * @throws PERSISTENCE_FAILED where the package or the database is not there
 */
export async function openPersistence(name: string, doc: Y.Doc): Promise<Persistence> {
  try {
    const { IndexeddbPersistence } = await import('y-indexeddb')
    const database = new IndexeddbPersistence(name, doc)
    await database.whenSynced
    const epoch: unknown = await database.get(epochKey)
    return {
      origin: database,
      epoch: new Uint8Array(epoch instanceof ArrayBuffer ? epoch : []),
      keepEpoch: (present) => {
        // A database that fails later does not hold up the document, which the server has.
        database.set(epochKey, Uint8Array.from(present).buffer).catch(() => undefined)
      },
      clear: () => database.clearData(),
      close: () => database.destroy(),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProviderError(
      'PERSISTENCE_FAILED',
      `persist needs the package y-indexeddb and IndexedDB: ${reason}`,
      { cause: error },
    )
  }
}
