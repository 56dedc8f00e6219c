import type { VirtualTime } from '../../runtime/virtual-time.js'
import { ConnectionPair } from './connection-pair.js'
import type { Endpoint } from './endpoint.js'
import type { Link } from './link.js'

/** What a client asks for when it connects. */
export interface UpgradeRequest {
  /** Path and query. */
  readonly url: string
  readonly protocols: readonly string[]
}

/** Takes a connection; returns the subprotocol, or undefined where it is refused. */
export type Listener = (endpoint: Endpoint, request: UpgradeRequest) => string | undefined

export interface ClientEvents {
  onOpen(endpoint: Endpoint, protocol: string): void
  /** The connection could not be made. */
  onRefused(): void
}

/** As long as a client waits for a connection that nobody answers. */
const connectTimeoutMs = 20_000
/** An upgrade request with its headers, and the answer. */
const requestBytes = 400
const responseBytes = 160

/** Everything between the clients and the one port that somebody may listen on. */
export class SimulatedNetwork {
  readonly #time: VirtualTime
  readonly #capacity: number
  readonly #pairs = new Set<ConnectionPair>()
  #listener: Listener | undefined
  #isHostUp = true

  /** @param capacity bytes that a connection takes in each direction without anybody reading */
  constructor(time: VirtualTime, capacity: number) {
    this.#time = time
    this.#capacity = capacity
  }

  /** The server's side of every connection that stands. */
  get serverEndpoints(): readonly Endpoint[] {
    const endpoints = Array.from(this.#pairs, ({ server }) => server)
    return endpoints.filter(({ state }) => state !== 'closed')
  }

  listen(listener: Listener): void {
    this.#isHostUp = true
    this.#listener = listener
  }

  /** The server's process is gone: its system ends the connections. */
  stopListening(): void {
    this.#listener = undefined
    for (const { server } of this.#pairs) server.terminate()
    // Who lost its other side to a power cut is told when there is somebody to tell.
    if (this.#isHostUp) this.#pairs.clear()
  }

  /** The server's host is without power: nobody is told, until it is back and asked. */
  losePower(): void {
    this.#listener = undefined
    this.#isHostUp = false
    for (const { server } of this.#pairs) server.vanish()
  }

  /** The host has power again and knows none of its connections. */
  regainPower(): void {
    this.#isHostUp = true
    for (const { client } of this.#pairs) client.reset()
    this.#pairs.clear()
  }

  /** Asks for a connection; returns what gives up waiting for it. */
  connect(link: Link, request: UpgradeRequest, events: ClientEvents): () => void {
    let state: 'waiting' | 'open' | 'over' = 'waiting'
    const end = (): void => {
      state = 'over'
      giveUp.cancel()
    }
    const refuse = (): void => {
      if (state !== 'waiting') return
      end()
      events.onRefused()
    }
    const giveUp = this.#time.after(connectTimeoutMs, refuse)
    const pair = new ConnectionPair(this.#time, this.#capacity)
    link.join(pair, () => (state === 'waiting' ? refuse() : pair.cut()))
    if (link.isDown) {
      this.#time.after(1, refuse)
      return end
    }
    pair.upstream.send(requestBytes, () => {
      if (!this.#isHostUp || state !== 'waiting') return
      const protocol = this.#listener?.(pair.server, request)
      if (protocol === undefined) {
        pair.downstream.send(0, refuse)
        return
      }
      this.#pairs.add(pair)
      pair.downstream.send(responseBytes, () => {
        if (state === 'over') pair.client.terminate()
        // The machine lost its power since.
        if (pair.client.state === 'closed') refuse()
        if (state !== 'waiting') return
        giveUp.cancel()
        state = 'open'
        events.onOpen(pair.client, protocol)
      })
    })
    return end
  }
}
