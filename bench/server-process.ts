import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Durability } from '../persistence/document-store.js'
import type { Environment } from '../runtime/environment.js'

export interface ServerProcessOptions {
  readonly environment: Environment
  readonly dataDirectory: string
  /** 0 takes any free one. @default 0 */
  readonly port?: number
  /** @default 'fsync' */
  readonly durability?: Durability
  /** Milliseconds in which the server has to be up, and to stop. @default 30000 */
  readonly deadlineMs?: number
}

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))
const announcement = /^cairn: serving ws:\/\/\S*:(\d+)\/<document name>/m
/** So much of what the server says last is kept for error messages, in characters. */
const keptOutput = 4_000

/** `cairn serve` in a process of its own, that can be killed as a failing machine would. */
export class ServerProcess {
  readonly port: number
  readonly #child: ChildProcess
  readonly #options: ServerProcessOptions
  readonly #exit: Promise<number | NodeJS.Signals>
  readonly #log: () => string

  private constructor(child: ChildProcess, port: number, started: Started) {
    this.#child = child
    this.port = port
    this.#options = started.options
    this.#exit = started.exit
    this.#log = started.log
  }

  /** @throws Error with what the server said, where it does not come up */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const { dataDirectory, port = 0, durability = 'fsync' } = options
    const args = ['serve', '--port', `${port}`, '--data', dataDirectory, '--durability', durability]
    const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const started = watch(child, options)
    try {
      return new ServerProcess(child, await started.port, started)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** What the server wrote last, on both its outputs. */
  get log(): string {
    return this.#log()
  }

  /** `kill -9`: nothing is flushed, nobody is told. Resolves once the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  /**
   * Asks the server to stop in order and waits for it.
   * @throws Error unless it exits with 0 in time
   */
  async stop(): Promise<void> {
    const { environment, deadlineMs = 30_000 } = this.#options
    this.#child.kill('SIGTERM')
    const timer = environment.setTimer(() => this.#child.kill('SIGKILL'), deadlineMs)
    const outcome = await this.#exit
    timer.cancel()
    if (outcome !== 0) throw new Error(`the server ended with ${outcome}:\n${this.log}`)
  }
}

interface Started {
  readonly options: ServerProcessOptions
  readonly port: Promise<number>
  readonly exit: Promise<number | NodeJS.Signals>
  readonly log: () => string
}

function watch(child: ChildProcess, options: ServerProcessOptions): Started {
  let log = ''
  const exit = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'))
    child.once('error', reject)
  })
  const port = new Promise<number>((resolve, reject) => {
    const { environment, deadlineMs = 30_000 } = options
    const fail = (what: string): void => reject(new Error(`the server ${what}:\n${log}`))
    const timer = environment.setTimer(
      () => fail(`did not come up within ${deadlineMs} ms`),
      deadlineMs,
    )
    const read = (chunk: string): void => {
      log = (log + chunk).slice(-keptOutput)
      const match = announcement.exec(log)
      if (match === null) return
      timer.cancel()
      resolve(Number(match[1]))
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.stderr?.setEncoding('utf8').on('data', read)
    exit.then(
      (outcome) => {
        timer.cancel()
        fail(`ended with ${outcome} before it was up`)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
  return { options, port, exit, log: () => log }
}
