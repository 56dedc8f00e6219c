import type { Environment } from '../runtime/environment.js'
import type { Output } from './output.js'

/** A terminal shows one line that is written over; a log gets a line now and then. */
const terminalIntervalMs = 200
const logIntervalMs = 10_000

type ProgressOutput = Pick<Output, 'writeError' | 'isErrorTerminal'>

/** Says on standard error how far long work is. Work that is soon over says nothing. */
export class Progress {
  readonly #output: ProgressOutput
  readonly #environment: Environment
  readonly #intervalMs: number
  #shownAt: number
  #isLineOpen = false

  constructor(output: ProgressOutput, environment: Environment) {
    this.#output = output
    this.#environment = environment
    this.#intervalMs = output.isErrorTerminal ? terminalIntervalMs : logIntervalMs
    this.#shownAt = environment.now()
  }

  update(line: string): void {
    const now = this.#environment.now()
    if (now - this.#shownAt < this.#intervalMs) return
    this.#shownAt = now
    if (this.#output.isErrorTerminal) {
      this.#output.writeError(`\r\u001b[K${line}`)
      this.#isLineOpen = true
    } else {
      this.#output.writeError(`cairn: ${line}\n`)
    }
  }

  /** Clears the line, so that something else can be written. */
  clear(): void {
    if (!this.#isLineOpen) return
    this.#output.writeError('\r\u001b[K')
    this.#isLineOpen = false
  }
}
