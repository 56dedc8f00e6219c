import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { findFreePort } from '../bench/free-port.js'
import type { DocumentStore } from '../persistence/document-store.js'
import { levelStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { type CairnServer, createServer, type ServerOptions } from '../server/index.js'

export type LiveServerOptions = Omit<ServerOptions, 'store' | 'environment'> & {
  /** Changes the store that is served, to fail or to be slow. @default the store itself */
  readonly wrapStore?: (store: DocumentStore) => DocumentStore
}

/**
 * A server on a real port and a directory of its own, inside the test's process, so that a test can
 * cut its sockets and start it again where it was.
 */
export class LiveServer {
  readonly dataDirectory: string
  readonly #options: LiveServerOptions
  readonly #streams = new Set<Duplex>()
  #http: Server | undefined
  #cairn: CairnServer | undefined
  #port = 0

  private constructor(dataDirectory: string, options: LiveServerOptions) {
    this.dataDirectory = dataDirectory
    this.#options = options
  }

  static async start(options: LiveServerOptions = {}): Promise<LiveServer> {
    const directory = await mkdtemp(path.join(tmpdir(), 'cairn-live-'))
    const server = new LiveServer(directory, options)
    await server.#start()
    return server
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`
  }

  get cairn(): CairnServer {
    if (this.#cairn === undefined) throw new Error('the server is stopped')
    return this.#cairn
  }

  /** Every connection is lost, as when a cable is pulled; the server goes on. */
  cutSockets(): void {
    for (const stream of this.#streams) stream.destroy()
  }

  /** Stops in order and serves the same directory on the same port again. */
  async restart(): Promise<void> {
    await this.#stop()
    await this.#start()
  }

  /** Stops in order and leaves the directory, so that something else can open it. */
  async stop(): Promise<void> {
    await this.#stop()
  }

  async destroy(): Promise<void> {
    await this.#stop()
    await rm(this.dataDirectory, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    if (this.#port === 0) this.#port = await findFreePort(systemEnvironment)
    const { wrapStore = (store: DocumentStore) => store, ...options } = this.#options
    const cairn = createServer({ ...options, store: wrapStore(levelStore(this.dataDirectory)) })
    const http = createHttpServer()
    http.on('upgrade', (request, stream, head) => {
      this.#streams.add(stream)
      stream.once('close', () => this.#streams.delete(stream))
      if (!cairn.handleUpgrade(request, stream, head)) stream.destroy()
    })
    await cairn.open()
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#http = http
    this.#cairn = cairn
  }

  async #stop(): Promise<void> {
    const [http, cairn] = [this.#http, this.#cairn]
    this.#http = undefined
    this.#cairn = undefined
    const closed = new Promise<void>((resolve) => {
      if (http === undefined) resolve()
      else http.close(() => resolve())
    })
    await cairn?.close({ deadlineMs: 5_000 })
    this.cutSockets()
    await closed
  }
}
