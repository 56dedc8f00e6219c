import type * as Y from 'yjs'
import type { ExportedDocument } from '../../persistence/document-store.js'
import type { UpdateContents } from '../update-contents.js'
import type { ContentsSet } from './contents-set.js'

/** What one connection of the server was handed in one turn. */
export interface SentTurn {
  readonly documentName: string
  /** The id that stands in the records which the connection brought. */
  readonly connectionId: string
  /** Whether the network had taken everything that was sent before. */
  readonly wasDrained: boolean
  /** Whether they are part of an answer to sync step 1. */
  readonly isAnswer: boolean
  readonly updates: readonly Uint8Array[]
}

/** A client that means well, as it stands. */
export interface ClientState {
  readonly name: string
  readonly documentName: string
  readonly doc: Y.Doc
  /**
   * It may read alone, and does nothing about what Yjs tidies up in its document, which stays there.
   * @default false
   */
  readonly tidiesAlone?: boolean
  /** Connected, and sync step 2 has arrived since. */
  readonly isSynced: boolean
  /** Update frames that the server has not acknowledged; 0 for clients that are not told. */
  readonly unacknowledged: number
  /** The presence state of its own and what it sees of others; undefined for clients without. */
  readonly presence:
    | { readonly clientID: number; readonly states: ReadonlyMap<number, unknown> }
    | undefined
  /** @default none, for a client that does not say what is saved */
  readonly saving?: SavingState | undefined
}

/** What a client says of what is saved. */
export interface SavingState {
  readonly mayWrite: boolean
  readonly isSaved: boolean
  readonly unsavedChanges: number
  /** Those who wait to be told that all is saved. */
  readonly waiting: number
}

/** A client says that all of its document is saved. */
export interface SavedClaim {
  readonly name: string
  readonly documentName: string
  /** What was done there before. */
  readonly contents: ContentsSet
}

/** What lies on the disk of one document. */
export interface StoredDocument {
  readonly name: string
  readonly exported: ExportedDocument | undefined
  readonly problems: readonly string[]
}

/** Numbers of a server at some moment. */
export interface LoadSample {
  readonly bufferedBytes: number
  readonly queuedBytes: number
  readonly timers: number
  readonly connections: number
  readonly documents: number
}

/**
 * Watches one invariant of docs/SIMULATION.md. Whatever happens is told to every checker; a checker
 * listens to what it needs and says what is wrong in one sentence. After the first such sentence the
 * run ends.
 */
export interface Checker {
  readonly invariant: string
  /** A record is durable, as the store says. */
  appended?(
    name: string,
    sequence: number,
    update: Uint8Array,
    connectionId: string,
  ): string | undefined
  /** A log was opened and these records are in its tail. */
  opened?(
    name: string,
    records: readonly { readonly sequence: number; readonly update: Uint8Array }[],
  ): string | undefined
  /** A snapshot has taken the place of records. */
  compacted?(name: string, update: Uint8Array): string | undefined
  /** The server writes to a connection. */
  sent?(turn: SentTurn): string | undefined
  /** A client asks with sync step 1. */
  asked?(connection: object, documentName: string): string | undefined
  /** A client has a sync step 2, with everything before it applied. */
  answered?(connection: object, doc: Y.Doc): string | undefined
  /** A client was told that an update is durable. */
  acknowledged?(name: string, contents: UpdateContents): string | undefined
  /** A client says that everything is saved, and may say so as far as it can know. */
  saved?(claim: SavedClaim): string | undefined
  /** The server went down; this is on its disk. `mayLose`: what was only with the system is gone. */
  recovered?(stored: StoredDocument, mayLose: boolean): string | undefined
  /** Somebody may read and not write. */
  reads?(clientID: number): string | undefined
  /** The wall clock of the server was set back. */
  clockSetBack?(): void
  sampled?(sample: LoadSample): string | undefined
  /** Something was thrown, logged as a failure or printed. */
  complained?(what: string): string | undefined
  /** Everything is healed and has had its time; `fresh` clients joined afterwards. */
  rested?(clients: readonly ClientState[], fresh: readonly ClientState[]): string | undefined
  /** Nobody is connected, and every document has had time to go. */
  emptied?(sample: LoadSample): string | undefined
}
