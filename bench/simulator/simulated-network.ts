import type { VirtualTime } from '../../runtime/virtual-time.js'
import { Direction } from './direction.js'
import { Endpoint } from './endpoint.js'
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
/** ws gives a browser or a server this long to answer a close. */
const clientCloseTimeoutMs = 30_000
const serverCloseTimeoutMs = 5_000
/** An upgrade request with its headers, and the answer. */
const requestBytes = 400
const responseBytes = 160

/** Everything between the clients and the one port that somebody may listen on. */
export class SimulatedNetwork {
  readonly #time: VirtualTime
  readonly #capacity: number
  readonly #pairs = new Set<{ readonly client: Endpoint; readonly server: Endpoint }>()
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

  connect(link: Link, request: UpgradeRequest, events: ClientEvents): () => void {
    let isOver = false
    const end = (): void => {
      isOver = true
      giveUp.cancel()
    }
    const refuse = (): void => {
      if (isOver) return
      end()
      events.onRefused()
    }
    const giveUp = this.#time.after(connectTimeoutMs, refuse)
    const breakNow = (how: 'reset' | 'close'): void => {
      if (!isOver && !pair.isOpen) refuse()
      else if (how === 'reset') this.#cut(pair)
      else pair.server.close(1006, '')
    }
    const upstream = new Direction(this.#time, () => this.#cut(pair))
    const downstream = new Direction(this.#time, () => this.#cut(pair))
    const capacity = this.#capacity
    const pair = {
      client: new Endpoint(this.#time, upstream, {
        capacity,
        closeTimeoutMs: clientCloseTimeoutMs,
      }),
      server: new Endpoint(this.#time, downstream, {
        capacity,
        closeTimeoutMs: serverCloseTimeoutMs,
      }),
      upstream,
      downstream,
      isOpen: false,
    }
    pair.client.peer = pair.server
    pair.server.peer = pair.client
    link.join({
      upstream,
      downstream,
      breakNow,
      get isOver() {
        return pair.client.state === 'closed' && pair.server.state === 'closed'
      },
    })
    if (link.isDown) {
      this.#time.after(1, refuse)
      return end
    }
    upstream.send(requestBytes, () => {
      if (!this.#isHostUp || isOver) return
      const protocol = this.#listener?.(pair.server, request)
      if (protocol === undefined) {
        downstream.send(0, refuse)
        return
      }
      this.#pairs.add(pair)
      downstream.send(responseBytes, () => {
        if (isOver) {
          pair.client.terminate()
          return
        }
        // The machine lost its power since.
        if (pair.client.state === 'closed') {
          refuse()
          return
        }
        giveUp.cancel()
        pair.isOpen = true
        events.onOpen(pair.client, protocol)
      })
    })
    return end
  }

  /** Lost with everything on its way; both sides learn of it now. */
  #cut(pair: {
    readonly client: Endpoint
    readonly server: Endpoint
    readonly upstream: Direction
    readonly downstream: Direction
  }): void {
    pair.upstream.cut()
    pair.downstream.cut()
    this.#time.after(0.5, () => {
      pair.server.reset()
      pair.client.reset()
    })
  }
}
