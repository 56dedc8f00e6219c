import type { DocumentStore } from '../persistence/document-store.js'
import { CairnError } from '../protocol/errors.js'
import { exceeds } from './limits.js'

/** Updates up to this size are taken for as long as the store itself has room. */
const smallBytes = 65_536
/** By then a store that works has written what waits. */
const retryAfterMs = 1_000

/**
 * Large updates are refused while too much waits for the store, so that many of them at once cannot
 * fill the room that everybody's keystrokes need: an append beyond the store's own limit ends the
 * document. Pausing sockets comes too late for that, since each has sent one by then.
 * @throws RATE
 */
export function requireStoreRoom(
  store: Pick<DocumentStore, 'queuedBytes'>,
  limitBytes: number,
  updateBytes: number,
): void {
  const { queuedBytes } = store
  if (updateBytes <= smallBytes || queuedBytes === 0) return
  if (!exceeds(queuedBytes + updateBytes, limitBytes)) return
  throw new CairnError(
    'RATE',
    `${queuedBytes} bytes wait for the store and the limit (uncommittedBytes) is ${limitBytes}`,
    { retryAfterMs },
  )
}
