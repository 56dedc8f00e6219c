import type { DocumentStore } from '../persistence/document-store.js'
import { memoryStore } from '../persistence/memory-store.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { type CairnServer, createServer, type ServerOptions } from '../server/index.js'
import { silentLogger } from '../server/logger.js'
import { GatedStore } from './gated-store.js'
import type { Replica } from './replica.js'

type SimulatedServerOptions = Omit<ServerOptions, 'store' | 'environment'> & {
  /** @default one in memory */
  readonly store?: DocumentStore
  readonly environment?: SimulatedEnvironment
}

/** A server on a simulated clock over a store whose appends the test can hold. */
export class SimulatedServer {
  readonly environment: SimulatedEnvironment
  readonly store: GatedStore
  readonly server: CairnServer
  readonly #options: SimulatedServerOptions
  /** How often the log said that a compaction failed. */
  compactionFailures = 0

  constructor(options: SimulatedServerOptions = {}) {
    const environment = options.environment ?? new SimulatedEnvironment()
    this.environment = environment
    this.#options = options
    this.store = new GatedStore(options.store ?? memoryStore({ environment }))
    const logger = {
      ...silentLogger,
      warn: (_fields: unknown, message: string) => {
        if (message === 'compaction failed') this.compactionFailures++
      },
    }
    this.server = createServer({ ...options, store: this.store, environment, logger })
  }

  /** Another server with the same options, at the same time. */
  restarted(): SimulatedServer {
    return new SimulatedServer({ ...this.#options, environment: this.environment })
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

  /** Waits for `promise` while the clock goes on. */
  async run<Result>(promise: Promise<Result>): Promise<Result> {
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    promise.then(done, done)
    while (!isDone) await this.environment.advance(10)
    return promise
  }

  async stop(): Promise<void> {
    await this.run(this.server.close())
  }
}
