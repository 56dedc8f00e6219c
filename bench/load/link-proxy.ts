import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Environment, Timer } from '../../runtime/environment.js'
import type { LinkClass, Outage } from '../simulator/link-class.js'
import { createToxic, type ToxicSpec } from '../simulator/toxics/toxic-spec.js'
import { ToxicPipe } from './toxic-pipe.js'

export interface LinkOptions {
  readonly environment: Environment
  readonly linkClass: LinkClass
  /** The server behind the link. */
  readonly host: string
  readonly port: number
  /** Numbers in [0, 1) that decide the link's chance. */
  readonly random: () => number
}

interface LinkConnection {
  readonly upstream: ToxicPipe
  readonly downstream: ToxicPipe
  readonly timers: Set<Timer>
  breakNow(how: 'reset' | 'close'): void
}

/** One side may end while the other goes on, as through a network; and none reads unasked. */
const halfOpen = { allowHalfOpen: true, pauseOnConnect: true }

/**
 * The way of one client to the server: a TCP proxy on a port of its own, with the toxics of its
 * class in each direction, and outages that hit the connections that stand and those that come.
 */
export class LinkProxy {
  readonly #options: LinkOptions
  readonly #server: Server
  readonly #connections = new Set<LinkConnection>()
  readonly #troubles = new Set<ToxicSpec>()
  readonly #timers = new Set<Timer>()
  #isHealed = false

  private constructor(options: LinkOptions) {
    this.#options = options
    this.#server = createServer(halfOpen, (socket) => this.#accept(socket))
    for (const outage of options.linkClass.outages) this.#scheduleOutage(outage)
  }

  static async open(options: LinkOptions): Promise<LinkProxy> {
    const proxy = new LinkProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (typeof address === 'object' && address !== null) return address.port
    throw new Error('the link is closed')
  }

  /** From now on nothing goes wrong but what always does. */
  heal(): void {
    this.#isHealed = true
    for (const trouble of [...this.#troubles]) this.#relieve(trouble)
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#server.close()
    for (const { timers, breakNow } of this.#connections) {
      for (const timer of timers) timer.cancel()
      breakNow('reset')
    }
  }

  #accept(client: Socket): void {
    const { host, port, linkClass } = this.#options
    if ([...this.#troubles].some(({ type }) => type === 'down')) {
      client.destroy()
      return
    }
    const server = connect({ host, port, ...halfOpen })
    const connection = this.#join(client, server)
    this.#connections.add(connection)
    for (const spec of linkClass.upstream) this.#hit(connection, spec, 'upstream')
    for (const spec of linkClass.downstream) this.#hit(connection, spec, 'downstream')
    for (const spec of this.#troubles) this.#hitBoth(connection, spec)
    client.resume()
  }

  #join(client: Socket, server: Socket): LinkConnection {
    const { environment } = this.#options
    const timers = new Set<Timer>()
    const breakNow = (how: 'reset' | 'close'): void => {
      for (const socket of [client, server]) {
        if (how === 'close') socket.end()
        else if (!socket.destroyed) socket.resetAndDestroy()
      }
    }
    const pipe = (from: Socket, to: Socket): ToxicPipe => {
      from.setNoDelay(true)
      const toxicPipe = new ToxicPipe({
        environment,
        write: (bytes) => to.write(bytes),
        end: () => to.end(),
        setPaused: (isPaused) => (isPaused ? from.pause() : from.resume()),
        onSpent: () => breakNow('close'),
      })
      from.on('data', (chunk: Uint8Array) => toxicPipe.receive(chunk))
      // An error is followed by a close, which says enough.
      from.on('error', () => undefined)
      from.on('end', () => toxicPipe.end())
      to.on('close', () => toxicPipe.stop())
      from.on('close', (hadError) => {
        if (hadError) to.destroy()
        if (client.destroyed && server.destroyed) this.#connections.delete(connection)
      })
      return toxicPipe
    }
    const upstream = pipe(client, server)
    const downstream = pipe(server, client)
    const connection = { upstream, downstream, timers, breakNow }
    return connection
  }

  #scheduleOutage(outage: Outage): void {
    const { random } = this.#options
    this.#after(exponential(outage.every, random), () => {
      if (this.#isHealed) return
      // Another object for each time, since it is the key under which the toxic can be taken out.
      const trouble = { ...outage.toxic }
      this.#troubles.add(trouble)
      for (const connection of this.#connections) this.#hitBoth(connection, trouble)
      this.#after(exponential(outage.lasts, random), () => {
        this.#relieve(trouble)
        this.#scheduleOutage(outage)
      })
    })
  }

  #relieve(trouble: ToxicSpec): void {
    this.#troubles.delete(trouble)
    for (const { upstream, downstream } of this.#connections) {
      upstream.remove(trouble)
      downstream.remove(trouble)
    }
  }

  #hitBoth(connection: LinkConnection, spec: ToxicSpec): void {
    this.#hit(connection, spec, 'upstream')
    this.#hit(connection, spec, 'downstream')
  }

  #hit(connection: LinkConnection, spec: ToxicSpec, direction: 'upstream' | 'downstream'): void {
    const { random, environment } = this.#options
    if (random() >= (spec.toxicity ?? 1)) return
    const toxic = createToxic(spec, random)
    connection[direction].add(spec, toxic)
    const { breaks } = toxic
    if (breaks === undefined) return
    const breaking = environment.setTimer(() => connection.breakNow(breaks.how), breaks.afterMs)
    connection.timers.add(breaking)
  }

  #after(delayMs: number, act: () => void): void {
    const timer = this.#options.environment.setTimer(() => {
      this.#timers.delete(timer)
      act()
    }, delayMs)
    this.#timers.add(timer)
  }
}

/** Waiting times without memory: many short ones and few long ones, `mean` on average. */
function exponential(mean: number, random: () => number): number {
  return -Math.log(1 - random()) * mean
}
