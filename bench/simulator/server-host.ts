import type { DocumentStore } from '../../persistence/document-store.js'
import { levelStore } from '../../persistence/level-store.js'
import { parseDocumentName } from '../../protocol/document-name.js'
import { CairnError, toCairnError } from '../../protocol/errors.js'
import { extensionProtocol } from '../../protocol/message.js'
import type { MessageSocket } from '../../runtime/message-socket.js'
import { type CairnServer, createServer } from '../../server/cairn-server.js'
import type { Logger } from '../../server/logger.js'
import type { ConnectionRequest, Principal } from '../../server/principal.js'
import { requestToken } from '../../server/request-token.js'
import type { LoadSample } from './checker.js'
import { inspectDisk } from './disk-inspection.js'
import type { Endpoint } from './endpoint.js'
import { History } from './history.js'
import type { Machine } from './machine.js'
import type { Mutant } from './mutant.js'
import { ObservedSocket } from './observed-socket.js'
import { observeStore } from './observed-store.js'
import type { RandomStream } from './random-stream.js'
import { ServerSocket } from './server-socket.js'
import type { SimulatedNetwork, UpgradeRequest } from './simulated-network.js'
import type { SimulatedProcess } from './simulated-process.js'
import { SimulatedWorker } from './simulated-worker.js'
import type { SimulationOptions } from './simulation-options.js'
import type { World } from './world.js'

/** One life of the server's process. */
interface Life {
  readonly process: SimulatedProcess
  readonly server: CairnServer
  readonly store: DocumentStore
  readonly worker: SimulatedWorker
  readonly wrapSocket: (inner: MessageSocket, documentName: string) => MessageSocket
}

/** What a supervisor waits before it starts a server again that did not come up. */
const retryMs = 1_000

/** The machine with the server on it: starts it, lets it die, and looks at its disk when it is dead. */
export class ServerHost {
  /** The lives of the server's process. */
  readonly history: History
  #died: () => void = () => undefined
  readonly #world: World
  readonly #network: SimulatedNetwork
  readonly #machine: Machine
  readonly #options: SimulationOptions
  readonly #mutant: Mutant | undefined
  readonly #random: RandomStream
  #life: Life | undefined
  /** Whether a power cut may have taken what the store had called durable. */
  #mayLose = false
  #starts = 0
  /** What comes when the process has died; undefined where nothing does. */
  #afterDeath: { readonly downMs: number } | undefined

  constructor(
    world: World,
    network: SimulatedNetwork,
    machine: Machine,
    options: SimulationOptions,
    mutant: Mutant | undefined,
  ) {
    this.history = new History('server', world.time)
    this.#world = world
    this.#network = network
    this.#machine = machine
    this.#options = options
    this.#mutant = mutant
    this.#random = world.stream('server')
  }

  /** How often the server's process was started. */
  get starts(): number {
    return this.#starts
  }

  /** Starts the process, unless it runs. */
  start(): void {
    if (this.#life !== undefined) return
    this.#starts++
    const life = this.#createLife()
    this.#life = life
    this.#died = this.history.begin('up', 'running')
    this.#network.listen((endpoint, request) => this.#accept(life, endpoint, request))
    life.server.open().catch((error: unknown) => {
      if (!life.process.isAlive) return
      const { code, rule, message } = toCairnError(error)
      this.#world.note(`the server does not come up: ${code} ${rule ?? ''} ${message}`)
      this.#world.time.after(0, () => life.process.kill())
      this.#world.time.after(retryMs, () => this.start())
    })
  }

  /** The process dies in front of one of the things that it does next; then it is started again. */
  crash(downMs: number): void {
    if (this.#life === undefined) return
    this.#afterDeath = { downMs }
    this.#life.process.killAfter(this.#random.integer(1, 40))
  }

  /** What was to die soon lives on. */
  calm(): void {
    this.#life?.process.killAfter(Number.POSITIVE_INFINITY)
  }

  /** The machine stops, with all that was not on its disk. */
  losePower(downMs: number): void {
    if (this.#life === undefined) return
    this.#network.losePower()
    this.#afterDeath = undefined
    this.#life.process.kill()
    const lostBatches = this.#machine.losePower()
    if (lostBatches > 0 && this.#options.durability === 'os') {
      this.#mayLose = true
      this.#world.countLoss()
    }
    this.#world.note(`power cut, ${lostBatches} batches lost`)
    this.#comeBack(downMs, () => this.#network.regainPower())
  }

  /** Drains, ends and starts again, as for a new version. */
  async restart(downMs: number): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    this.#world.note('restart')
    await life.server.close({ deadlineMs: 5_000 }).catch((error: unknown) => {
      this.#world.note(`closing: ${toCairnError(error).message}`)
    })
    if (!life.process.isAlive) return
    this.#afterDeath = { downMs }
    life.process.kill()
  }

  /** Stops for good, in order. Resolves when the disk was looked at. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    await life.server.close()
    this.#afterDeath = undefined
    life.process.kill()
    await this.#inspect()
  }

  killWorker(): void {
    const killed = this.#life?.worker.kill() ?? 0
    if (killed > 0) this.#world.note(`the worker was killed with ${killed} jobs`)
  }

  sample(): LoadSample | undefined {
    if (this.#life === undefined) return undefined
    const { server, store, process } = this.#life
    let bufferedBytes = 0
    for (const endpoint of this.#network.serverEndpoints) {
      bufferedBytes = Math.max(bufferedBytes, endpoint.bufferedBytes)
    }
    return {
      bufferedBytes,
      queuedBytes: store.queuedBytes,
      timers: process.pendingTimers,
      connections: server.connectionCount,
      documents: server.documentCount,
    }
  }

  #createLife(): Life {
    const { durability, timings, limits, graceMs, isAuthenticated, tokenLifeMs } = this.#options
    const process = this.#machine.startProcess(() => this.#onDeath())
    const openLevel = this.#machine.openLevel(process)
    const disk = levelStore(this.#machine.directory, {
      environment: process,
      durability,
      openLevel: this.#mutant?.disk?.(openLevel) ?? openLevel,
      onWarning: (warning) => this.#world.note(`store: ${warning.message}`),
    })
    const observed = observeStore(this.#world, process, disk)
    const store = this.#mutant?.store?.(observed) ?? observed
    const worker = new SimulatedWorker(process, this.#random, true)
    const options = {
      store,
      environment: process,
      documentWorker: worker,
      timings,
      limits,
      presence: { graceMs },
      logger: this.#createLogger(),
      ...(isAuthenticated
        ? {
            authenticate: (request: ConnectionRequest) =>
              authenticate(request, process.wallClock() + tokenLifeMs),
          }
        : {}),
    }
    const server = createServer(this.#mutant?.server?.(options) ?? options)
    const wrapSocket =
      this.#mutant?.sockets?.(this.#world.time) ?? ((inner: MessageSocket) => inner)
    return { process, server, store, worker, wrapSocket }
  }

  #accept(life: Life, endpoint: Endpoint, request: UpgradeRequest): string | undefined {
    if (!life.process.isAlive) return undefined
    const documentName = parseDocumentName(request.url, { prefix: '/', decode: true })
    const isExtended = request.protocols.includes(extensionProtocol)
    const closesTwice = this.#options.closesTwice && this.#random.chance(0.2)
    const socket = new ServerSocket(endpoint, life.process, closesTwice)
    const observed = new ObservedSocket(socket, this.#world, {
      documentName,
      process: life.process,
    })
    const headers = { 'sec-websocket-protocol': request.protocols.join(', ') }
    const connectionRequest: ConnectionRequest = {
      documentName,
      url: request.url,
      headers,
      remoteAddress: undefined,
      token: requestToken({ url: request.url, headers }),
    }
    const wrapped = life.wrapSocket(observed, documentName)
    observed.connectionId = life.server.accept(wrapped, connectionRequest, isExtended).id
    this.#world.note(`connection ${observed.connectionId} for ${request.url}`)
    // It may have died over it.
    if (!life.process.isAlive) return undefined
    return isExtended ? extensionProtocol : ''
  }

  #onDeath(): void {
    this.#life = undefined
    this.#died()
    this.#network.stopListening()
    this.#machine.release()
    this.#machine.process = undefined
    const plan = this.#afterDeath
    this.#afterDeath = undefined
    if (plan === undefined) return
    this.#world.note('the server process is gone')
    this.#comeBack(plan.downMs, () => undefined)
  }

  #comeBack(downMs: number, prepare: () => void): void {
    const inspected = this.#inspect()
    this.#world.time.after(downMs, () => {
      inspected.then(
        () => {
          prepare()
          this.start()
        },
        (error: unknown) => this.#world.complain(error),
      )
    })
  }

  /** What is on the disk of the dead server, as the store itself reads it. */
  async #inspect(): Promise<void> {
    const mayLose = this.#mayLose
    this.#mayLose = false
    for (const stored of await inspectDisk(this.#world, this.#machine, this.#options)) {
      this.#world.check((checker) => checker.recovered?.(stored, mayLose))
    }
  }

  #createLogger(): Logger {
    const ignore = (): void => undefined
    return {
      debug: (fields, message) => this.#world.note(`debug: ${message} ${JSON.stringify(fields)}`),
      info: ignore,
      warn: (fields, message) => {
        this.#world.note(`warn: ${message} ${JSON.stringify(fields)}`)
        const { error } = fields
        const isWrong =
          typeof error === 'string' && /not what the log says|is not a complete/.test(error)
        if (isWrong) this.#world.complain(`${message}: ${error}`)
      },
      error: (fields, message) => {
        this.#world.note(`error: ${message} ${JSON.stringify(fields)}`)
        if (isExpected(fields.code, message)) return
        this.#world.complain(`${message}: ${String(fields.error)}`)
      },
    }
  }
}

/** What a server has to say of a disk that fails and of its own end. */
function isExpected(code: unknown, message: string): boolean {
  if (code === 'STORE_UNAVAILABLE' || code === 'GOING_AWAY') return true
  return message.startsWith('the store takes no writes')
}

/** Whoever the address says it is: `?user=NAME&access=read`; or the token, which then runs out. */
function authenticate({ token, url }: ConnectionRequest, expiresAt: number): Principal {
  const query = new URLSearchParams(token ?? new URL(url, 'http://simulation').search)
  const user = query.get('user')
  if (user === null) throw new CairnError('UNAUTHENTICATED', 'expected ?user= in the address')
  const access = query.get('access') === 'read' ? 'read' : 'write'
  return { id: user, name: user, access, ...(token === undefined ? {} : { expiresAt }) }
}
