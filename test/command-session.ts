import { Buffer } from 'node:buffer'
import type { CommandContext, StopSignal } from '../cli/command-context.js'
import type { Output } from '../cli/output.js'
import { runCommandLine } from '../cli/program.js'
import type { DocumentStore } from '../persistence/document-store.js'
import { levelStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as it was written. */
  readonly bytes: Buffer
}

/** Collects what a command writes. `onWrite` sees each piece of standard output as it comes. */
class CollectedOutput implements Output {
  readonly isErrorTerminal = false
  readonly failure = undefined
  readonly isTerminal: boolean
  readonly #onWrite: (text: string) => void
  readonly #pieces: Buffer[] = []
  #errors = ''

  constructor(isTerminal: boolean, onWrite: (text: string) => void) {
    this.isTerminal = isTerminal
    this.#onWrite = onWrite
  }

  write(data: string | Uint8Array): void {
    this.#pieces.push(Buffer.from(data))
    this.#onWrite(this.#pieces.map(String).join(''))
  }

  writeError(text: string): void {
    this.#errors += text
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  toResult(code: number): CommandResult {
    const bytes = Buffer.concat(this.#pieces)
    return { code, stdout: bytes.toString('utf8'), stderr: this.#errors, bytes }
  }
}

export interface SessionOptions {
  /** @default a LevelDB store in the named directory */
  readonly createStore?: (directory: string) => DocumentStore
  /** Whether standard output is a terminal. @default false */
  readonly isTerminal?: boolean
  /** Sees all of standard output so far, each time something is added. */
  readonly onOutput?: (text: string) => void
}

/** Runs commands inside this process, as `main.ts` runs them in one of their own. */
export class CommandSession {
  readonly #options: SessionOptions
  readonly #listeners = new Set<(signal: StopSignal) => void>()
  readonly exits: number[] = []

  constructor(options: SessionOptions = {}) {
    this.#options = options
  }

  /** Gives every running command a signal. */
  signal(signal: StopSignal): void {
    for (const listener of this.#listeners) listener(signal)
  }

  async run(...args: string[]): Promise<CommandResult> {
    const { createStore, isTerminal = false, onOutput = () => undefined } = this.#options
    const output = new CollectedOutput(isTerminal, onOutput)
    const context: CommandContext = {
      output,
      environment: systemEnvironment,
      createStore: (directory, options) =>
        createStore === undefined ? levelStore(directory, options) : createStore(directory),
      onStopSignal: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
      exit: (code) => {
        this.exits.push(code)
      },
    }
    return output.toResult(await runCommandLine(args, context))
  }
}
