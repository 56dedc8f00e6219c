import type { SimulatedClient } from './client.js'
import type { Machine } from './machine.js'
import type { RandomStream } from './random-stream.js'
import type { ServerHost } from './server-host.js'
import { type FaultKind, faultKinds, type SimulationOptions } from './simulation-options.js'
import type { ToxicSpec } from './toxics/toxic-spec.js'
import type { World } from './world.js'

/** One fault or its end, for reports. */
export interface FaultEvent {
  /** Simulated milliseconds. */
  readonly at: number
  readonly kind: FaultKind
  /** Whom it struck: a machine, a part of one, or a client. */
  readonly target: string
  /** Milliseconds that it lasts; 0 where it is over at once. */
  readonly lastsMs: number
}

const troubles: readonly ((random: RandomStream) => ToxicSpec)[] = [
  (random) => ({ type: 'latency', latency: random.between(50, 900), jitter: 300 }),
  () => ({ type: 'timeout', timeout: 0 }),
  (random) => ({ type: 'timeout', timeout: random.between(200, 3_000) }),
  () => ({ type: 'reset_peer', timeout: 0 }),
  (random) => ({ type: 'slow_close', delay: random.between(500, 6_000) }),
  (random) => ({ type: 'limit_data', bytes: random.between(200, 20_000) }),
  (random) => ({ type: 'bandwidth', rate: random.between(1, 20) }),
  () => ({ type: 'down' }),
]

/** Lets the faults of a run happen, each kind at its own pace, until everything heals. */
export class FaultPlan {
  readonly events: FaultEvent[] = []
  readonly #world: World
  readonly #host: ServerHost
  readonly #machine: Machine
  readonly #clients: readonly SimulatedClient[]
  #isOver = false

  constructor(
    world: World,
    system: {
      readonly host: ServerHost
      readonly machine: Machine
      readonly clients: readonly SimulatedClient[]
    },
  ) {
    this.#world = world
    this.#host = system.host
    this.#machine = system.machine
    this.#clients = system.clients
  }

  start(faults: SimulationOptions['faults']): void {
    for (const kind of faultKinds) {
      const everyMs = faults[kind]
      if (everyMs === undefined) continue
      this.#schedule(kind, everyMs, this.#world.stream(`fault ${kind}`))
    }
  }

  /** Nothing goes wrong any more, and what is wrong is mended. */
  heal(): void {
    this.#isOver = true
    this.#machine.disk.heal()
    this.#host.calm()
    for (const client of this.#clients) client.link.heal()
  }

  #schedule(kind: FaultKind, everyMs: number, random: RandomStream): void {
    this.#world.time.after(random.exponential(everyMs), () => {
      if (this.#isOver) return
      const { lastsMs, target } = this.#strike(kind, random)
      this.events.push({ at: this.#world.time.now, kind, target, lastsMs })
      this.#world.note(`fault ${kind}${lastsMs > 0 ? ` for ${Math.round(lastsMs)} ms` : ''}`)
      this.#schedule(kind, everyMs, random)
    })
  }

  #strike(kind: FaultKind, random: RandomStream): Strike {
    switch (kind) {
      case 'crash':
      case 'power-cut':
      case 'restart':
        return on('server', this.#takeDown(kind, random.between(20, 2_500)))
      case 'disk-error':
        return on('disk', this.#spoilDisk({ writes: 'EIO' }, random.exponential(800)))
      case 'disk-full':
        return on('disk', this.#spoilDisk({ writes: 'ENOSPC' }, random.exponential(2_500)))
      case 'read-error':
        return on('disk', this.#spoilDisk({ reads: true }, random.exponential(500)))
      case 'disk-slow':
        return on(
          'disk',
          this.#spoilDisk({ slowdown: random.between(5, 400) }, random.exponential(3_000)),
        )
      case 'worker-kill':
        this.#host.killWorker()
        return on('worker', 0)
      case 'server-clock-jump':
        this.#world.jumpServerClock(random.between(random.chance(0.2) ? -3_600_000 : 0, 3_600_000))
        return on('server', 0)
      case 'client-clock-jump':
        this.#world.clientClock.base += random.between(-60_000, 60_000)
        return on('clients', 0)
      case 'slow-reader':
        return this.#stallSomebody(random.exponential(4_000), random)
      case 'link-trouble':
        return this.#troubleSomebody(random.exponential(3_000), random)
      case 'everybody-offline':
        return on('clients', this.#sendEverybodyAway(random.between(100, 4_000)))
    }
  }

  #takeDown(kind: 'crash' | 'power-cut' | 'restart', downMs: number): number {
    if (kind === 'crash') this.#host.crash(downMs)
    else if (kind === 'power-cut') this.#host.losePower(downMs)
    else this.#host.restart(downMs).catch((error: unknown) => this.#world.complain(error))
    return downMs
  }

  #spoilDisk(trouble: Partial<Machine['disk']['trouble']>, lastsMs: number): number {
    Object.assign(this.#machine.disk.trouble, trouble)
    this.#world.time.after(lastsMs, () => this.#machine.disk.heal())
    return lastsMs
  }

  #stallSomebody(lastsMs: number, random: RandomStream): Strike {
    const client = random.pickAny(this.#clients)
    client?.stall(lastsMs)
    client?.link.history.add('reads nothing', lastsMs)
    return on(client?.link.history.name ?? 'nobody', lastsMs)
  }

  #troubleSomebody(lastsMs: number, random: RandomStream): Strike {
    const trouble = random.pickAny(troubles)
    if (trouble === undefined) return on('nobody', lastsMs)
    const client = random.pickAny(this.#clients)
    client?.link.trouble(trouble(random), lastsMs)
    return on(client?.link.history.name ?? 'nobody', lastsMs)
  }

  /** The office closes, or its router restarts: documents are unloaded, and then all come at once. */
  #sendEverybodyAway(lastsMs: number): number {
    for (const { link } of this.#clients) link.trouble({ type: 'down' }, lastsMs)
    return lastsMs
  }
}

/** Whom a fault struck, and for how long. */
type Strike = Pick<FaultEvent, 'target' | 'lastsMs'>

function on(target: string, lastsMs: number): Strike {
  return { target, lastsMs }
}
