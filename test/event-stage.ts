import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findFreePort } from '../bench/free-port.js'
import { levelStore, memoryStore } from '../persistence/index.js'
import { systemEnvironment } from '../runtime/system-environment.js'
import { type CairnServer, createServer, type ServerOptions } from '../server/index.js'
import { ClosingLog } from './closing-log.js'
import { EventEditor, type EventEditorOptions } from './event-editor.js'
import { EventReader, type EventReaderOptions } from './event-reader.js'
import { StockClient, type StockClientOptions } from './stock-client.js'

export type EventStageOptions = Omit<ServerOptions, 'store' | 'logger'> & {
  /** Keeps documents in a directory, so that the server can be started again. @default false */
  readonly isDurable?: boolean
}

/** A server that listens, and clients of all kinds that end with it. */
export class EventStage {
  readonly log = new ClosingLog()
  readonly #options: EventStageOptions
  readonly #clients: { destroy(): void }[] = []
  #directory: string | undefined
  #cairn: CairnServer | undefined
  #port = 0

  private constructor(options: EventStageOptions) {
    this.#options = options
  }

  static async start(options: EventStageOptions = {}): Promise<EventStage> {
    const stage = new EventStage(options)
    if (options.isDurable) stage.#directory = await mkdtemp(path.join(tmpdir(), 'cairn-events-'))
    await stage.#listen()
    return stage
  }

  get cairn(): CairnServer {
    if (this.#cairn === undefined) throw new Error('the server is stopped')
    return this.#cairn
  }

  get port(): number {
    return this.#port
  }

  /** `http://…`, without a slash at its end. */
  get httpUrl(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** A stream that is only read, unless `query` has `post=1`. */
  reader(name: string, query = '', options: EventReaderOptions = {}): EventReader {
    const url = `${this.httpUrl}/documents/${name}/events${query}`
    return this.#keep(new EventReader(url, options))
  }

  editor(name: string, options: EventEditorOptions = {}): EventEditor {
    return this.#keep(new EventEditor(this.httpUrl.replace('http', 'ws'), name, options))
  }

  stock(name: string, options: StockClientOptions = {}): StockClient {
    return this.#keep(new StockClient(`ws://127.0.0.1:${this.#port}`, name, options))
  }

  /** What a client sends beside its stream, by hand. */
  async post(
    name: string,
    headers: Record<string, string>,
    body: Uint8Array = new Uint8Array(0),
  ): Promise<Response> {
    const url = `${this.httpUrl}/documents/${name}/messages`
    return fetch(url, { method: 'POST', headers, body: Uint8Array.from(body) })
  }

  /** Ends in order; whoever is connected is told. */
  async close(): Promise<void> {
    const cairn = this.#cairn
    this.#cairn = undefined
    await cairn?.close({ deadlineMs: 5_000 })
  }

  /** Serves the same directory at the same port again. */
  async restart(): Promise<void> {
    await this.close()
    await this.#listen()
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy()
    await this.close()
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }

  async #listen(): Promise<void> {
    const { isDurable: _, ...options } = this.#options
    const store = this.#directory === undefined ? memoryStore() : levelStore(this.#directory)
    this.#cairn = createServer({ ...options, store, logger: this.log.logger })
    if (this.#port === 0) this.#port = await findFreePort(systemEnvironment)
    await this.#cairn.listen({ port: this.#port })
  }

  #keep<Client extends { destroy(): void }>(client: Client): Client {
    this.#clients.push(client)
    return client
  }
}
