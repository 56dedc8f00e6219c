import { findFreePort } from './free-port.js'
import { ServerProcess, type ServerProcessOptions } from './server-process.js'

/** A server process that is killed and comes back on the same port with the same directory. */
export class MortalServer {
  readonly #options: ServerProcessOptions
  #process: ServerProcess
  #restart: Promise<void> | undefined
  #kills = 0
  #reject: (error: Error) => void = () => undefined
  /** Never resolves; rejects when the server does not come back. Has to be awaited by its owner. */
  readonly failure: Promise<never>

  private constructor(options: ServerProcessOptions, process: ServerProcess) {
    this.#options = options
    this.#process = process
    this.failure = new Promise<never>((_, reject) => {
      this.#reject = reject
    })
  }

  static async start(options: ServerProcessOptions): Promise<MortalServer> {
    // One of its own: while it is down the system must not give the port to somebody else.
    const port = options.port ?? (await findFreePort(options.environment))
    const lasting = { ...options, port }
    return new MortalServer(lasting, await ServerProcess.start(lasting))
  }

  get url(): string {
    return this.#process.url
  }

  get kills(): number {
    return this.#kills
  }

  get isUp(): boolean {
    return this.#restart === undefined
  }

  /** Kills the process before it returns, and starts another once it is gone. */
  crash(): void {
    if (this.#restart !== undefined) return
    this.#kills++
    this.#restart = this.#comeBack().then(
      () => {
        this.#restart = undefined
      },
      (error: unknown) => this.#reject(error instanceof Error ? error : new Error(String(error))),
    )
  }

  /** Stops in order. @throws Error unless the process exits with 0 */
  async stop(): Promise<void> {
    await this.#restart
    await this.#process.stop()
  }

  /** Ends the process whatever it is doing; for a run that failed. */
  async dispose(): Promise<void> {
    await this.#restart
    await this.#process.kill()
  }

  async #comeBack(): Promise<void> {
    await this.#process.kill()
    this.#process = await ServerProcess.start(this.#options)
  }
}
