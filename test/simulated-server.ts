import type { DocumentStore } from '../persistence/document-store.js'
import { memoryStore } from '../persistence/memory-store.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { type CairnServer, createServer, type ServerOptions } from '../server/index.js'
import { GatedStore } from './gated-store.js'
import type { Replica } from './replica.js'

/** A server on a simulated clock over a store whose appends the test can hold. */
export class SimulatedServer {
  readonly environment = new SimulatedEnvironment()
  readonly store: GatedStore
  readonly server: CairnServer

  constructor(
    options: Omit<ServerOptions, 'store' | 'environment'> & { readonly store?: DocumentStore } = {},
  ) {
    const { environment } = this
    this.store = new GatedStore(options.store ?? memoryStore({ environment }))
    this.server = createServer({ ...options, store: this.store, environment })
  }

  /** Connects the replicas and waits until they are synced. */
  async connect(name: string, ...replicas: Replica[]): Promise<void> {
    for (const replica of replicas) replica.connect(this.server, name)
    await this.environment.settle()
  }

  /** Everything that is due within a second happens. */
  async pass(ms = 1_000): Promise<void> {
    await this.environment.advance(ms)
  }

  async stop(): Promise<void> {
    const closed = this.server.close()
    await this.environment.advance(20_000)
    await closed
  }
}
