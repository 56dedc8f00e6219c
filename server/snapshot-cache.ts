import type { DocumentLog } from '../persistence/document-store.js'
import { encodeUpdate } from '../protocol/codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { pieceBytes } from './piece-writer.js'

/** What is asked of a log whose snapshot is read. */
export type SnapshotSource = Pick<DocumentLog, 'snapshot' | 'readSnapshot'>

/**
 * Snapshots as ready messages, for the joins of the whole server. Reading is shared by whoever asks
 * meanwhile; the least recently used go when all of them have more bytes than allowed.
 *
 * A snapshot is known by the open log that it was read from: whatever else tells documents apart may
 * be the same for two of them, as after an import of one archive under two names.
 */
export class SnapshotCache {
  readonly #maxBytes: number
  readonly #entries = new Map<SnapshotSource, SnapshotEntry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The snapshot that `log` has now, as one update message. Rejects as `readSnapshot` does. */
  read(log: SnapshotSource): Promise<CachedSnapshot> {
    const through = log.snapshot?.through ?? 0
    const cached = this.#entries.get(log)
    if (cached?.through === through) {
      this.#entries.delete(log)
      this.#entries.set(log, cached)
      return cached.snapshot
    }
    this.forget(log)
    const entry: SnapshotEntry = {
      through,
      snapshot: log.readSnapshot().then(toCached),
      bytes: keptBytes(log.snapshot?.byteLength ?? 0),
    }
    this.#entries.set(log, entry)
    this.#bytes += entry.bytes
    this.#evict()
    entry.snapshot.catch(() => {
      if (this.#entries.get(log) === entry) this.forget(log)
    })
    return entry.snapshot
  }

  /** `log` was closed: nobody asks for its snapshot any more. */
  forget(log: SnapshotSource): void {
    const entry = this.#entries.get(log)
    if (entry === undefined) return
    this.#entries.delete(log)
    this.#bytes -= entry.bytes
  }

  #evict(): void {
    for (const log of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.forget(log)
    }
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
  /** Which of the log's snapshots it is. */
  readonly through: number
  readonly snapshot: Promise<CachedSnapshot>
  readonly bytes: number
}

/** The message; of a small one also the frames that are made of it once. */
function keptBytes(byteLength: number): number {
  return byteLength > pieceBytes ? byteLength : 2 * byteLength
}
