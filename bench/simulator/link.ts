import type { VirtualTime } from '../../runtime/virtual-time.js'
import type { ConnectionPair } from './connection-pair.js'
import { History } from './history.js'
import type { LinkClass } from './link-class.js'
import type { RandomStream } from './random-stream.js'
import type { Toxic } from './toxics/toxic.js'
import { createToxic, type ToxicSpec } from './toxics/toxic-spec.js'

/** One connection that runs over a link, and what breaks it. */
interface LinkedConnection {
  readonly pair: ConnectionPair
  readonly breakNow: () => void
}

/**
 * The way of one client to the server, with all connections that run over it: what its class says,
 * and what goes wrong with it for a while.
 */
export class Link {
  /** Connections over it and what was wrong with it. */
  readonly history: History
  readonly #time: VirtualTime
  readonly #class: LinkClass
  readonly #random: RandomStream
  readonly #connections = new Set<LinkedConnection>()
  readonly #troubles = new Set<ToxicSpec>()
  #isHealed = false

  /** @param name of the client whose link it is, for reports */
  constructor(time: VirtualTime, linkClass: LinkClass, random: RandomStream, name = 'client') {
    this.history = new History(name, time)
    this.#time = time
    this.#class = linkClass
    this.#random = random
    for (const outage of linkClass.outages) this.#scheduleOutage(outage)
  }

  /** Whether a new connection is refused. */
  get isDown(): boolean {
    for (const { type } of this.#troubles) if (type === 'down') return true
    return false
  }

  /** A connection begins to run over the link, until it is over. */
  join(pair: ConnectionPair, breakNow: () => void): void {
    for (const known of this.#connections) if (known.pair.isOver) this.#connections.delete(known)
    const connection = { pair, breakNow }
    const { upstream, downstream } = this.#class
    for (const spec of upstream) this.#hit(connection, spec, 'upstream')
    for (const spec of downstream) this.#hit(connection, spec, 'downstream')
    for (const spec of this.#troubles) this.#hitBoth(connection, spec)
    this.#connections.add(connection)
  }

  /** Something goes wrong for `lastsMs`, for connections that stand and those that come. */
  trouble(spec: ToxicSpec, lastsMs: number): void {
    if (this.#isHealed) return
    const trouble = { ...spec }
    this.history.add(spec.type, lastsMs)
    this.#troubles.add(trouble)
    const endings = [...this.#connections].map((connection) => this.#hitBoth(connection, trouble))
    this.#time.after(lastsMs, () => {
      this.#troubles.delete(trouble)
      for (const end of endings) end()
      this.#relieve(trouble)
    })
  }

  /** From now on nothing goes wrong but what always does. */
  heal(): void {
    this.#isHealed = true
    this.history.heal()
    const troubles = [...this.#troubles]
    this.#troubles.clear()
    for (const trouble of troubles) this.#relieve(trouble)
  }

  #scheduleOutage({ every, lasts, toxic }: LinkClass['outages'][number]): void {
    this.#time.after(this.#random.exponential(every), () => {
      if (this.#isHealed) return
      const lastsMs = this.#random.exponential(lasts)
      this.trouble(toxic, lastsMs)
      this.#time.after(lastsMs, () => this.#scheduleOutage({ every, lasts, toxic }))
    })
  }

  #relieve(spec: ToxicSpec): void {
    for (const { pair } of this.#connections) {
      pair.upstream.remove(spec)
      pair.downstream.remove(spec)
    }
  }

  #hitBoth(connection: LinkedConnection, spec: ToxicSpec): () => void {
    const endUp = this.#hit(connection, spec, 'upstream')
    const endDown = this.#hit(connection, spec, 'downstream')
    return () => {
      endUp()
      endDown()
    }
  }

  #hit(
    connection: LinkedConnection,
    spec: ToxicSpec,
    direction: 'upstream' | 'downstream',
  ): () => void {
    if (!this.#random.chance(spec.toxicity ?? 1)) return () => undefined
    const toxic: Toxic = createToxic(spec, this.#random.number)
    connection.pair[direction].add(spec, toxic)
    const { breaks } = toxic
    if (breaks === undefined) return () => undefined
    const breaking = this.#time.after(breaks.afterMs, () => connection.breakNow())
    return () => breaking.cancel()
  }
}
