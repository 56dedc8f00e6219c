import { systemEnvironment } from '../../runtime/system-environment.js'
import type { StockProvider } from '../stock-provider.js'
import { CairnEditor } from './cairn-editor.js'
import type { Checker, ClientState } from './checker.js'
import { createCheckers } from './checkers.js'
import type { SimulatedClient } from './client.js'
import { vanishedMs } from './client-sockets.js'
import { Convergence } from './convergence.js'
import { ExtendedEditor } from './extended-editor.js'
import type { SimulationExtension } from './extension.js'
import { ExtensionClient } from './extension-client.js'
import { FaultPlan } from './fault-plan.js'
import { HostileClient } from './hostile-client.js'
import { Link } from './link.js'
import { type LinkClass, linkClasses } from './link-class.js'
import { Machine } from './machine.js'
import { mountedMachines } from './mounted-machines.js'
import type { Mutant } from './mutant.js'
import { ServerHost } from './server-host.js'
import { SimulatedNetwork } from './simulated-network.js'
import type { SimulationOptions } from './simulation-options.js'
import type { SimulationResult } from './simulation-result.js'
import { type EditorPlace, StockEditor } from './stock-editor.js'
import { type Violation, World } from './world.js'

export interface SimulationSetup {
  readonly seed: number
  readonly options: SimulationOptions
  readonly linkClasses: Readonly<Record<string, LinkClass>>
  readonly mutant?: Mutant | undefined
  readonly extension: SimulationExtension
}

/** What a run needs of the thread that it runs in. */
export interface SimulationThread {
  readonly Provider: StockProvider
  /** Puts the world behind the globals, or takes it away. */
  enter(world: World | undefined): void
}

/** How long all may take to be well once everything is healed, presence apart. */
const restWithinMs = 45_000
/** Presence may change this long after the grace period: ticks, announcements, latencies. */
const presenceSlackMs = 25_000
const lookEveryMs = 250
const sampleEveryMs = 500
/** After the last has left, beside the grace period and the documents' own: who left without a word. */
const unloadSlackMs = 15_000 + vanishedMs
/** Far above what so few clients can need, far below what a leak comes to. */
const maxWaitingBytes = 8 * 1_048_576

const everything = (): boolean => true
const withoutPresence = ({ invariant }: Checker): boolean => invariant !== 'presence-exact'

/** One run: a server, its disk, its clients and their links, from the first event to the last. */
export class Simulation {
  readonly #setup: SimulationSetup
  readonly #thread: SimulationThread
  readonly #world: World
  readonly #network: SimulatedNetwork
  readonly #machine: Machine
  readonly #host: ServerHost
  readonly #clients: SimulatedClient[] = []
  readonly #faults: FaultPlan
  #isBusy = true
  #edits = 0
  #convergence: Convergence | undefined
  #healedAt: number | undefined
  #restedAt: number | undefined

  constructor(setup: SimulationSetup, thread: SimulationThread) {
    const { seed, options, mutant, extension } = setup
    this.#setup = setup
    this.#thread = thread
    const bounds = { bufferedBytes: maxWaitingBytes, queuedBytes: maxWaitingBytes }
    const checkers = [...createCheckers(bounds), ...(extension.createCheckers?.() ?? [])]
    const isWatched = ({ invariant }: Checker): boolean =>
      mutant?.watches?.includes(invariant) ?? true
    this.#world = new World(seed, checkers.filter(isWatched))
    this.#network = new SimulatedNetwork(this.#world.time, options.networkBytes)
    this.#machine = new Machine(this.#world, 'server')
    this.#host = new ServerHost(this.#world, this.#network, this.#machine, options, mutant)
    const system = { host: this.#host, machine: this.#machine, clients: this.#clients }
    this.#faults = new FaultPlan(this.#world, system)
  }

  async run(): Promise<SimulationResult> {
    const start = systemEnvironment.now()
    const world = this.#world
    mountedMachines.mount(this.#machine)
    this.#thread.enter(world)
    const onRejection = (error: unknown): void => world.complain(error)
    process.on('unhandledRejection', onRejection)
    try {
      world.time.after(0, () => this.#begin())
      await world.time.run()
    } finally {
      process.off('unhandledRejection', onRejection)
      for (const client of this.#clients) client.leave()
      this.#thread.enter(undefined)
      mountedMachines.unmountAll()
    }
    return {
      seed: this.#setup.seed,
      options: this.#setup.options,
      hash: world.trace.hash,
      violation: world.violation,
      events: world.trace.count,
      simulatedMs: world.time.now,
      realMs: systemEnvironment.now() - start,
      checkMs: world.checkMs,
      faults: this.#faults.events,
      lanes: [this.#host.history, ...this.#clients.map(({ link }) => link.history)].map(
        ({ lane }) => lane,
      ),
      convergence: this.#convergence?.clients ?? [],
      healedAt: this.#healedAt,
      restedAt: this.#restedAt,
      serverStarts: this.#host.starts,
      edits: this.#edits,
      tail: world.violation === undefined ? [] : world.trace.tail,
    }
  }

  #begin(): void {
    this.#live().then(
      () => this.#world.time.stop(),
      (error: unknown) => {
        this.#world.complain(error)
        this.#world.time.stop()
      },
    )
  }

  async #live(): Promise<void> {
    const { options } = this.#setup
    const { time } = this.#world
    this.#host.start()
    this.#addClients()
    this.#sampleLoad()
    this.#faults.start(options.faults)
    await time.pass(options.faultyMs)
    await this.#rest()
    const fresh = await this.#joinFresh()
    this.#restedAt = time.now
    await this.#empty([...this.#clients, ...fresh])
  }

  /** Everything heals, and all must be well within a bound. */
  async #rest(): Promise<void> {
    const { time } = this.#world
    this.#isBusy = false
    this.#faults.heal()
    for (const client of this.#clients) client.settle()
    this.#healedAt = time.now
    this.#convergence = new Convergence(time, this.#states(this.#clients))
    this.#world.note('everything heals')
    await this.#requireWithin(restWithinMs, () => this.#findUnrest(withoutPresence))
    const presenceMs = this.#setup.options.graceMs + presenceSlackMs
    await this.#requireWithin(presenceMs, () => this.#findUnrest(everything))
  }

  /** What is not well; without newcomers, the first of each document stands for them. */
  #findUnrest(
    isAsked: (checker: Checker) => boolean,
    newcomers?: readonly ClientState[],
  ): Violation | undefined {
    const states = this.#states(this.#clients)
    this.#convergence?.look(states)
    const firstOfEach = states.filter(
      ({ documentName }, index) =>
        index === states.findIndex((other) => other.documentName === documentName),
    )
    return this.#world.findProblem((checker) =>
      isAsked(checker) ? checker.rested?.(states, newcomers ?? firstOfEach) : undefined,
    )
  }

  /** Waits until nothing is wrong any more; what still is when the time is over ends the run. */
  async #requireWithin(withinMs: number, find: () => Violation | undefined): Promise<void> {
    const { time } = this.#world
    const end = time.now + withinMs
    for (;;) {
      const problem = find()
      if (problem === undefined) return
      if (time.now >= end) {
        this.#world.violate(problem.invariant, problem.message)
        return
      }
      await time.pass(lookEveryMs)
    }
  }

  /** Somebody who was never there joins each document. */
  async #joinFresh(): Promise<readonly SimulatedClient[]> {
    const fresh: SimulatedClient[] = []
    for (let index = 0; index < this.#setup.options.documents; index++) {
      const client = new ExtendedEditor(this.#place(`fresh ${index}`, `doc-${index}`, 'lan'))
      client.start()
      fresh.push(client)
    }
    await this.#requireWithin(restWithinMs, () => this.#findUnrest(everything, this.#states(fresh)))
    return fresh
  }

  /** All leave; the server lets go of what it holds, stops, and its disk is looked at. */
  async #empty(clients: readonly SimulatedClient[]): Promise<void> {
    const { time } = this.#world
    const { graceMs, timings } = this.#setup.options
    for (const client of clients) client.leave()
    await time.pass(graceMs + 2 * (timings.unloadMs ?? 10_000) + unloadSlackMs)
    const sample = this.#host.sample()
    if (sample !== undefined) this.#world.check((checker) => checker.emptied?.(sample))
    await this.#host.stop()
  }

  #states(clients: readonly SimulatedClient[]): readonly ClientState[] {
    return clients.flatMap(({ state }) => (state === undefined ? [] : [state]))
  }

  #sampleLoad(): void {
    const sample = this.#host.sample()
    if (sample !== undefined) this.#world.check((checker) => checker.sampled?.(sample))
    this.#world.time.after(sampleEveryMs, () => this.#sampleLoad())
  }

  #addClients(): void {
    const { editors, extendedEditors, readers, hostiles } = this.#setup.options
    const { cairnEditors, cairnReaders } = this.#setup.options
    const { Provider } = this.#thread
    for (let index = 0; index < editors; index++) {
      this.#add(new StockEditor(this.#draw(`editor ${index}`, index), Provider))
    }
    for (let index = 0; index < extendedEditors; index++) {
      this.#add(new ExtendedEditor(this.#draw(`extended ${index}`, index)))
    }
    for (let index = 0; index < readers; index++) {
      this.#add(new ExtendedEditor(this.#draw(`reader ${index}`, index, 'read'), 'read'))
    }
    for (let index = 0; index < cairnEditors; index++) this.#addCairn(`cairn ${index}`, index)
    for (let index = 0; index < cairnReaders; index++) {
      this.#addCairn(`cairn reader ${index}`, index, 'read')
    }
    for (let index = 0; index < hostiles; index++) {
      this.#add(new HostileClient(this.#draw(`hostile ${index}`, index)))
    }
    for (const [index, make] of (this.#setup.extension.clients ?? []).entries()) {
      this.#add(new ExtensionClient(this.#draw(`client ${index}`, index), make))
    }
  }

  #addCairn(name: string, index: number, access: 'read' | 'write' = 'write'): void {
    const { mutant, options } = this.#setup
    const hasToken = options.isAuthenticated && options.tokenLifeMs > 0
    const wrapSockets = mutant?.clientSockets?.bind(mutant)
    const place = this.#draw(name, index, access)
    this.#add(new CairnEditor(place, { access, hasToken, wrapSockets }))
  }

  #draw(name: string, index: number, access: 'read' | 'write' = 'write'): EditorPlace {
    const { documents, links } = this.#setup.options
    const linkName = this.#world.stream(`link of ${name}`).pickAny(links) ?? 'lan'
    return this.#place(name, `doc-${index % documents}`, linkName, access)
  }

  #place(
    name: string,
    documentName: string,
    linkName: string,
    access: 'read' | 'write' = 'write',
  ): EditorPlace {
    const world = this.#world
    const linkClass = this.#setup.linkClasses[linkName] ?? linkClasses.lan
    if (linkClass === undefined) throw new TypeError(`there is no link class ${linkName}`)
    const { isAuthenticated, edits } = this.#setup.options
    return {
      name,
      documentName,
      world,
      network: this.#network,
      link: new Link(world.time, linkClass, world.stream(`weather of ${name}`), name),
      random: world.stream(`mind of ${name}`),
      mix: edits,
      appEdits: this.#setup.extension.edits ?? {},
      params: isAuthenticated ? { user: name.replaceAll(' ', '-'), access } : {},
    }
  }

  #add(client: SimulatedClient): void {
    const { time } = this.#world
    const { editEveryMs, leaveEveryMs } = this.#setup.options
    const random = this.#world.stream(`pace of client ${this.#clients.length}`)
    this.#clients.push(client)
    time.after(random.between(0, 500), () => client.start())
    this.#repeat(
      () => random.exponential(editEveryMs),
      () => {
        this.#edits++
        client.act()
      },
    )
    if (leaveEveryMs === 0) return
    this.#repeat(
      () => random.exponential(leaveEveryMs),
      () => client.toggle(),
    )
  }

  /** Until everything heals. */
  #repeat(drawDelay: () => number, callback: () => void): void {
    this.#world.time.after(drawDelay(), () => {
      if (!this.#isBusy) return
      callback()
      this.#repeat(drawDelay, callback)
    })
  }
}
