import { RawClient, type RawClientOptions } from '../bench/raw-client.js'
import type { LiveServer } from './live-server.js'
import { StockClient, type StockClientOptions } from './stock-client.js'

/** Clients of one server that end together. */
export class ClientPool {
  readonly #server: LiveServer
  readonly #stock: StockClient[] = []
  readonly #raw: RawClient[] = []

  constructor(server: LiveServer) {
    this.#server = server
  }

  stock(name: string, options: StockClientOptions = {}): StockClient {
    const client = new StockClient(this.#server.url, name, options)
    this.#stock.push(client)
    return client
  }

  raw(name: string, options: RawClientOptions = {}): RawClient {
    const client = new RawClient(this.#server.url, name, options)
    this.#raw.push(client)
    return client
  }

  destroy(): void {
    for (const client of this.#stock.splice(0)) client.destroy()
    for (const client of this.#raw.splice(0)) client.terminate()
  }
}
