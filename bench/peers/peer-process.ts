import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Deadline } from '../../runtime/deadline.js'
import type { Environment } from '../../runtime/environment.js'

export interface PeerProcessOptions {
  readonly environment: Environment
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly variables?: Readonly<Record<string, string>>
  /** Found in what it writes once it is up; the first group is its port, if it has one. */
  readonly announcement: RegExp
}

const startDeadlineMs = 30_000
const stopDeadlineMs = 10_000
/** So much of what it says last is kept for error messages, in characters. */
const keptOutput = 2_000

/** A server under test in a process of its own. */
export class PeerProcess {
  readonly #environment: Environment
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #output = ''
  #port: number | undefined

  private constructor(options: PeerProcessOptions) {
    const { command, args, cwd, variables, environment } = options
    this.#environment = environment
    this.#child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...variables },
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.#ended = once(this.#child, 'exit')
  }

  /** @throws Error with what it wrote, where it does not come up in time */
  static async start(options: PeerProcessOptions): Promise<PeerProcess> {
    const peer = new PeerProcess(options)
    const deadline = new Deadline(options.environment, startDeadlineMs)
    const outcome = await deadline.race(
      Promise.race([peer.#announced(options.announcement), peer.#ended]),
    )
    deadline.cancel()
    if (outcome === 'done' && peer.#child.exitCode === null) return peer
    peer.#child.kill('SIGKILL')
    throw new Error(`${options.command} did not come up:\n${peer.#output}`)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** As it announced it. */
  get port(): number {
    if (this.#port === undefined) throw new Error('the server did not say on which port it is')
    return this.#port
  }

  /** Asks it to end, and ends it where that takes too long. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = this.#environment.setTimer(() => this.#child.kill('SIGKILL'), stopDeadlineMs)
    await this.#ended
    timer.cancel()
  }

  #announced(announcement: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const read = (chunk: string): void => {
        this.#output = (this.#output + chunk).slice(-keptOutput)
        const match = announcement.exec(this.#output)
        if (match === null || this.#port !== undefined) return
        this.#port = Number(match[1] ?? 0)
        resolve()
      }
      this.#child.stdout?.setEncoding('utf8').on('data', read)
      this.#child.stderr?.setEncoding('utf8').on('data', read)
    })
  }
}
