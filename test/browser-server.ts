import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFreePort } from '../bench/free-port.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { RunningCommand } from './running-command.js'

const command = fileURLToPath(new URL('../cli/main.js', import.meta.url))

/** `cairn serve` as a process of its own, which can be killed and started again where it was. */
export class BrowserServer {
  readonly #directory: string
  #process: RunningCommand | undefined
  #port = 0

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async start(): Promise<BrowserServer> {
    const server = new BrowserServer(await mkdtemp(path.join(tmpdir(), 'cairn-browser-data-')))
    await server.start()
    return server
  }

  get port(): number {
    return this.#port
  }

  /** Serves the same documents on the same port. Does nothing where it runs. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return
    if (this.#port === 0) this.#port = await findFreePort(systemEnvironment)
    const options = ['--port', String(this.#port), '--data', this.#directory]
    const started = new RunningCommand(process.execPath, [command, 'serve', ...options])
    this.#process = started
    try {
      await started.firstLine
    } catch (error) {
      this.#process = undefined
      throw error
    }
  }

  /** Ends it at once, without a word to anybody. */
  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    await running?.stop('SIGKILL')
  }

  async destroy(): Promise<void> {
    await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
