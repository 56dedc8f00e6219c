/**
 * The store port. A store keeps, for each document, a log of records in sequence order and at most
 * one snapshot that stands for the log through a sequence. The log is the truth.
 *
 * `store-contract.ts` says the same as tests; every store passes them.
 */

/**
 * What `append` waits for. `fsync`: survives a power cut. `os`: survives a killed process, a power
 * cut may take the last records. `memory`: survives nothing.
 */
export type Durability = 'fsync' | 'os' | 'memory'

/** One update as it is handed to the log. */
export interface NewRecord {
  /** Yjs v1 update bytes. The caller does not change them afterwards. */
  readonly update: Uint8Array
  /** Who wrote it: the principal's id; empty where nobody authenticated. */
  readonly principal: string
  /** Which connection brought it; empty for the embedding program and for imports. */
  readonly connection: string
}

/** One update in the log. */
export interface LogRecord extends NewRecord {
  /** Position in this document's log: 1, 2, 3 … without holes. */
  readonly sequence: number
  /** Wall-clock milliseconds at the append. */
  readonly time: number
}

/** What an append resolves with, once the record is as durable as the store promises. */
export interface Appended {
  readonly sequence: number
  readonly epoch: Uint8Array
}

/** What can be known of a snapshot without reading it. */
export interface SnapshotIndex {
  /** `Y.encodeStateVector` form: the contiguous clock ends of what the snapshot holds. */
  readonly stateVector: Uint8Array
  /** The delete set as it stands at the end of an update. */
  readonly deleteSet: Uint8Array
  readonly rootNames: readonly string[]
  readonly subdocuments: number
}

export interface SnapshotInfo extends SnapshotIndex {
  /** The last sequence that the snapshot stands for. */
  readonly through: number
  readonly byteLength: number
}

export interface NewSnapshot extends SnapshotIndex {
  readonly through: number
  /** One Yjs v1 update that equals the log through `through`. */
  readonly update: Uint8Array
}

/**
 * The log of one document, held by one holder at a time. After a failed append, a failed close or a
 * failing store every method rejects (`STORE_UNAVAILABLE`): close it and open it again, since what
 * became of the failed append is known only to the disk.
 */
export interface DocumentLog {
  readonly name: string
  /**
   * 16 random bytes given at the first write; undefined until then. A re-made document has another,
   * and so has every document of a store that may have lost acknowledged records.
   */
  readonly epoch: Uint8Array | undefined
  /** Sequence of the last durable record; 0 for a document that was never written. */
  readonly head: number
  readonly snapshot: SnapshotInfo | undefined
  /**
   * The records after the snapshot through the head, in pages, in order, each checked.
   * @throws DOCUMENT_DAMAGED naming the document and the sequence, on a hole or a bad checksum.
   */
  readTail(): AsyncIterable<readonly LogRecord[]>
  /**
   * The snapshot's bytes, checked. Rejects where there is none.
   * @throws DOCUMENT_DAMAGED
   */
  readSnapshot(): Promise<Uint8Array>
  /**
   * Queues one record. Resolves once it is durable. Appends become durable and resolve in the order
   * in which they were called, and those that became durable together resolve in one turn.
   */
  append(record: NewRecord): Promise<Appended>
  /**
   * Compare-and-set: takes the place of the snapshot and of the records through `through` if that
   * is beyond the present snapshot and not beyond the head; otherwise resolves false and changes
   * nothing. Covered records go only after the snapshot is durable.
   */
  writeSnapshot(snapshot: NewSnapshot): Promise<boolean>
  /** Waits for what was appended, then lets go. Idempotent. */
  close(): Promise<void>
}

export interface DocumentSummary {
  readonly name: string
  readonly epoch: Uint8Array
  /** Wall-clock milliseconds of the first write. */
  readonly createdAt: number
}

export interface DocumentStat extends DocumentSummary {
  readonly head: number
  readonly snapshotThrough: number
  readonly snapshotBytes: number
  readonly tailRecords: number
  readonly tailBytes: number
  /** Wall-clock milliseconds of the last record in the tail; undefined where the tail is empty. */
  readonly lastWriteAt: number | undefined
}

export interface ListOptions {
  /** Only names that start with this. @default '' */
  readonly prefix?: string
  /** Only names after this one, in the order of their UTF-8 bytes; the last name of a page. */
  readonly after?: string
  /** At most this many. @default 1000 */
  readonly limit?: number
}

/** Everything stored of one document, as `importDocument` takes it. */
export interface ExportedDocument {
  readonly name: string
  readonly epoch: Uint8Array
  readonly createdAt: number
  readonly snapshot: NewSnapshot | undefined
  readonly records: readonly LogRecord[]
}

export type StoreHealth =
  | { readonly state: 'closed' }
  | { readonly state: 'ready' }
  /** Writes are refused; the store tries to heal by itself. */
  | { readonly state: 'unavailable'; readonly since: number; readonly error: Error }

export interface DocumentStore {
  readonly durability: Durability
  readonly health: StoreHealth
  /** Bytes of updates that were appended and are not durable yet, over all documents. */
  readonly queuedBytes: number
  /**
   * Calls `listener` at each change of health; returns the function that stops it. What a listener
   * throws becomes a warning of the process and hinders nothing.
   */
  onHealth(listener: (health: StoreHealth) => void): () => void
  /** @throws STORE_LOCKED, STORE_DAMAGED, STORE_UNKNOWN_FORMAT, each saying what to do */
  open(): Promise<void>
  /** Waits for what is in flight, then closes. Idempotent. */
  close(): Promise<void>
  /**
   * Takes hold of a document's log, whether it was ever written or not.
   * @throws DOCUMENT_IN_USE while somebody holds it, DOCUMENT_DAMAGED, STORE_UNAVAILABLE
   */
  openLog(name: string): Promise<DocumentLog>
  list(options?: ListOptions): Promise<readonly DocumentSummary[]>
  stat(name: string): Promise<DocumentStat | undefined>
  /** Resolves false where there was nothing. @throws DOCUMENT_IN_USE while its log is held */
  delete(name: string): Promise<boolean>
  /** @throws DOCUMENT_DAMAGED unless `salvage`, which gives what stands before the damage */
  exportDocument(
    name: string,
    options?: { readonly salvage?: boolean },
  ): Promise<ExportedDocument | undefined>
  /**
   * Writes a whole document in one step, as it is given. Whoever gives it another name, or an older
   * state than clients have seen, gives it another epoch too.
   * @throws DOCUMENT_EXISTS, DOCUMENT_IN_USE, DOCUMENT_DAMAGED where it is not a whole one, or its
   * log ends at 2^47 or after
   */
  importDocument(document: ExportedDocument): Promise<void>
  /** Reads and checks everything of one document. Never throws for damage; it reports it. */
  verify(name: string): Promise<VerifyReport>
}

export interface VerifyReport {
  readonly name: string
  readonly records: number
  readonly bytes: number
  /** One sentence for each thing found wrong; empty means sound. */
  readonly problems: readonly string[]
}
