import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import type { ProcessResult } from './run-process.js'

/** A program that goes on until it is told to stop. Its owner must stop it. */
export class RunningCommand {
  /** The first line of standard output; rejects where the program ends before it. */
  readonly firstLine: Promise<string>
  readonly ended: Promise<ProcessResult>
  readonly #child: ChildProcess

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const output = { stdout: '', stderr: '' }
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text
    })
    this.firstLine = new Promise((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output.stdout += text
        const [line, rest] = output.stdout.split('\n', 2)
        if (line !== undefined && rest !== undefined) resolve(line)
      })
      child.on('error', reject)
      child.on('close', () => reject(new Error(`ended without a line: ${output.stderr}`)))
    })
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, ...output }))
    })
    // Whoever waits for the end alone has no interest in the line.
    this.firstLine.catch(() => undefined)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessResult> {
    this.#child.kill(signal)
    return this.ended
  }
}
