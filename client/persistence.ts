import type * as Y from 'yjs'
import type { Environment } from '../runtime/environment.js'
import { ProviderError } from './provider-error.js'

/** The Y.Doc as the browser keeps it over a reload. */
export interface Persistence {
  /** Which life of which document was kept; empty where that is not known. */
  readonly epoch: Uint8Array
  keepEpoch(epoch: Uint8Array): void
  /** Deletes what is kept. */
  clear(): Promise<void>
  /** Lets go of the database, which stays. */
  close(): Promise<void>
}

const epochKey = 'cairn.epoch'
/** How long a database may take: `y-indexeddb` never says that one cannot be opened or read. */
const loadMs = 10_000

/**
 * Keeps `doc` in IndexedDB with `y-indexeddb`, which the application installs, and resolves when what
 * was kept is in it.
 * @param onOpening is told the origin of what will be loaded into the Y.Doc
 * @throws PERSISTENCE_FAILED where the package or the database is not there
 */
export async function openPersistence(
  environment: Environment,
  name: string,
  doc: Y.Doc,
  onOpening: (origin: object) => void,
): Promise<Persistence> {
  let opened: { destroy(): Promise<unknown> } | undefined
  try {
    const { IndexeddbPersistence } = await import('y-indexeddb')
    const database = new IndexeddbPersistence(name, doc)
    opened = database
    onOpening(database)
    const loaded = Promise.all([database.get(epochKey), database.whenSynced])
    const [epoch]: readonly unknown[] = await withinTime(environment, loaded)
    return {
      epoch: new Uint8Array(epoch instanceof ArrayBuffer ? epoch : []),
      keepEpoch: (present) => {
        // A database that fails later does not hold up the document, which the server has.
        database.set(epochKey, Uint8Array.from(present).buffer).catch(() => undefined)
      },
      clear: () => database.clearData(),
      close: () => database.destroy(),
    }
  } catch (error) {
    // What it would load later belongs to nobody knows which life of the document.
    opened?.destroy().catch(() => undefined)
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProviderError(
      'PERSISTENCE_FAILED',
      `persist needs the package y-indexeddb and IndexedDB: ${reason}`,
      { cause: error },
    )
  }
}

function withinTime<Value>(environment: Environment, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = environment.setTimer(
      () => reject(new Error(`the database took longer than ${loadMs} ms`)),
      loadMs,
    )
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
