import type { DocumentLog } from '../persistence/document-store.js'
import { encodeUpdate } from '../protocol/codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { pieceBytes } from './piece-writer.js'

/**
 * Snapshots as ready messages, for the joins of the whole server. Reading is shared by whoever asks
 * meanwhile; the least recently used go when all of them have more bytes than allowed.
 */
export class SnapshotCache {
  readonly #maxBytes: number
  readonly #entries = new Map<string, SnapshotEntry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The snapshot that `log` has now, as one update message. Rejects as `readSnapshot` does. */
  read(log: DocumentLog): Promise<CachedSnapshot> {
    const key = cacheKey(log)
    const cached = this.#entries.get(key)
    if (cached !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, cached)
      return cached.snapshot
    }
    const entry: SnapshotEntry = {
      snapshot: log.readSnapshot().then(toCached),
      bytes: keptBytes(log.snapshot?.byteLength ?? 0),
    }
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    this.#evict()
    entry.snapshot.catch(() => this.#forget(key, entry))
    return entry.snapshot
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      this.#forget(key, entry)
    }
  }

  #forget(key: string, entry: SnapshotEntry): void {
    if (this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

export interface CachedSnapshot {
  readonly update: Uint8Array
  /** The same as one update message. */
  readonly batch: MessageBatch
}

function toCached(update: Uint8Array): CachedSnapshot {
  const message = encodeUpdate(update)
  return {
    update: message.subarray(message.byteLength - update.byteLength),
    batch: new MessageBatch([message]),
  }
}

interface SnapshotEntry {
  readonly snapshot: Promise<CachedSnapshot>
  readonly bytes: number
}

/** The message; of a small one also the frames that are made of it once. */
function keptBytes(byteLength: number): number {
  return byteLength > pieceBytes ? byteLength : 2 * byteLength
}

function cacheKey(log: DocumentLog): string {
  const epoch = log.epoch === undefined ? '' : Buffer.from(log.epoch).toString('hex')
  return `${epoch}/${log.snapshot?.through ?? 0}`
}
