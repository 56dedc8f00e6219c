import type { DocumentStore, Durability } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'
import type { Output } from './output.js'

/** What a command may use of the world, so that tests can run one inside their own process. */
export interface CommandContext {
  readonly output: Output
  readonly environment: Environment
  /** The store in a directory, not opened yet. */
  createStore(directory: string, options: StoreOptions): DocumentStore
  /** Calls `listener` at each signal that asks the process to end; returns what stops that. */
  onStopSignal(listener: (signal: StopSignal) => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

export interface StoreOptions {
  readonly durability: Exclude<Durability, 'memory'>
  /** Opens a directory although it is known that records are gone. */
  readonly acceptLoss?: boolean
  /** Told of damage that does not stop the store. */
  readonly onWarning: (warning: Error) => void
}

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** The exit codes of every command; `cairn --help` lists them. */
export const exitCodes = {
  success: 0,
  /** The command could not do it, or `verify` found problems. */
  failure: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** The reader of the output went away; what a shell reports for a broken pipe. */
  brokenPipe: 141,
} as const
