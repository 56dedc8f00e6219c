import type { DocumentLog } from '../persistence/document-store.js'
import { encodeUpdate } from '../protocol/codec.js'
import { MessageBatch } from '../runtime/message-batch.js'
import { pieceBytes } from './piece-writer.js'

/** What is asked of a log whose snapshot is read. */
export type SnapshotSource = Pick<DocumentLog, 'snapshot' | 'readSnapshot'>

/**
 * Snapshots as ready messages, for the joins of the whole server. Whoever asks for one that is being
 * read, or that somebody still holds, shares its bytes. What is held stays, however large, since
 * letting it go would free nothing; of the others the least recently used go when all together have
 * more bytes than allowed.
 *
 * A snapshot is known by the open log that it was read from: whatever else tells documents apart may
 * be the same for two of them, as after an import of one archive under two names.
 */
export class SnapshotCache {
  readonly #maxBytes: number
  readonly #entries = new Map<SnapshotSource, SnapshotEntry>()
  /** Those that nobody holds, the least recently used first. */
  readonly #unheld = new Set<SnapshotEntry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * The snapshot that `log` has now, as one update message. Whoever asks holds it until `release`:
   * while it waits for it, and while the bytes are on their way to its client. Rejects as
   * `readSnapshot` does.
   */
  async read(log: SnapshotSource): Promise<HeldSnapshot> {
    const entry = this.#entryOf(log)
    entry.holders++
    this.#unheld.delete(entry)
    try {
      const snapshot = await entry.snapshot
      let isHeld = true
      return {
        ...snapshot,
        release: () => {
          if (isHeld) this.#release(entry)
          isHeld = false
        },
      }
    } catch (error) {
      this.#drop(entry)
      throw error
    }
  }

  /** `log` was closed: nobody asks for its snapshot any more. */
  forget(log: SnapshotSource): void {
    const entry = this.#entries.get(log)
    if (entry !== undefined) this.#drop(entry)
  }

  #entryOf(log: SnapshotSource): SnapshotEntry {
    const through = log.snapshot?.through ?? 0
    const cached = this.#entries.get(log)
    if (cached?.through === through) return cached
    this.forget(log)
    const entry: SnapshotEntry = {
      log,
      through,
      snapshot: log.readSnapshot().then(toCached),
      bytes: keptBytes(log.snapshot?.byteLength ?? 0),
      holders: 0,
    }
    this.#entries.set(log, entry)
    this.#bytes += entry.bytes
    this.#evict()
    return entry
  }

  #release(entry: SnapshotEntry): void {
    entry.holders--
    if (entry.holders > 0 || this.#entries.get(entry.log) !== entry) return
    this.#unheld.add(entry)
    this.#evict()
  }

  #evict(): void {
    for (const entry of this.#unheld) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(entry)
    }
  }

  #drop(entry: SnapshotEntry): void {
    if (this.#entries.get(entry.log) !== entry) return
    this.#entries.delete(entry.log)
    this.#unheld.delete(entry)
    this.#bytes -= entry.bytes
  }
}

export interface HeldSnapshot extends CachedSnapshot {
  /** Nothing more is read from it. Idempotent. */
  release(): void
}

interface CachedSnapshot {
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
  readonly log: SnapshotSource
  /** Which of the log's snapshots it is. */
  readonly through: number
  readonly snapshot: Promise<CachedSnapshot>
  readonly bytes: number
  /** Who waits for it, or is being sent it. */
  holders: number
}

/** The message; of a small one also the frames that are made of it once. */
function keptBytes(byteLength: number): number {
  return byteLength > pieceBytes ? byteLength : 2 * byteLength
}
