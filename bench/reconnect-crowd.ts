import { Connector, type ConnectorHost, type ConnectorOwner } from '../client/connector.js'
import type { ConnectedSession } from '../client/connector-state.js'
import type { Transport, TransportHandlers } from '../client/transport.js'
import { TransportChoice } from '../client/transport-choice.js'
import type { Environment } from '../runtime/environment.js'
import { createRandom } from '../runtime/seeded-random.js'
import { VirtualTime } from '../runtime/virtual-time.js'

/** How long a refusal, or the way to a server that is there, takes. */
const roundTripMs = 20
/** Attempts are counted in stretches of this length. */
export const stretchMs = 100

export interface CrowdOptions {
  /** How many start together. */
  readonly clients: number
  /** For how long from then on the server refuses everybody, in milliseconds. */
  readonly downMs: number
  readonly seed: number
}

/** When a crowd knocked, and when it was let in. */
export interface CrowdResult {
  /** Attempts in each stretch, from the start on. */
  readonly attempts: readonly number[]
  /** When each client was connected, in milliseconds from the start, ascending. */
  readonly connectedAt: readonly number[]
}

/** One client of a crowd: knocks, and is told when it is let in. */
interface Knocker {
  start(): void
}

type KnockerFactory = (door: Door) => Knocker

interface Door {
  readonly environment: Environment
  /** Counts an attempt; calls back after the round trip with whether the server is there. */
  knock(answer: (isOpen: boolean) => void): void
  entered(): void
}

/** A crowd of this client, in simulated time: its real connector, with a network that is a delay. */
export function simulateCairnCrowd(options: CrowdOptions): Promise<CrowdResult> {
  return simulate(options, cairnKnocker)
}

/**
 * The same crowd with the schedule of y-websocket 3.1: 200, 400, 800, 1,600 and then 2,500 ms, for
 * everybody alike.
 */
export function simulateUniformCrowd(options: CrowdOptions): Promise<CrowdResult> {
  return simulate(options, uniformKnocker)
}

/** The most attempts in one stretch after the server is back. */
export function rushOf({ attempts }: CrowdResult, { downMs }: CrowdOptions): number {
  return Math.max(...attempts.slice(Math.floor(downMs / stretchMs)))
}

async function simulate(options: CrowdOptions, create: KnockerFactory): Promise<CrowdResult> {
  const time = new VirtualTime()
  const attempts: number[] = []
  const connectedAt: number[] = []
  const environment = environmentOf(time, createRandom(options.seed))
  const door: Door = {
    environment,
    knock: (answer) => {
      const stretch = Math.floor(time.now / stretchMs)
      while (attempts.length <= stretch) attempts.push(0)
      attempts[stretch] = (attempts[stretch] ?? 0) + 1
      const isOpen = time.now >= options.downMs
      time.after(roundTripMs, () => answer(isOpen))
    },
    entered: () => {
      connectedAt.push(time.now)
    },
  }
  for (let client = 0; client < options.clients; client++) create(door).start()
  await time.run()
  return { attempts, connectedAt }
}

function cairnKnocker(door: Door): Knocker {
  const { environment } = door
  const open = (_request: unknown, handlers: TransportHandlers): Transport => {
    const transport: Transport = {
      kind: 'websocket',
      send: () => undefined,
      close: () => undefined,
    }
    door.knock((isOpen) => {
      if (isOpen) handlers.onOpen(true)
      else handlers.onClose({ code: 1006, reason: '', event: undefined })
    })
    return transport
  }
  const request = { serverUrl: '', documentName: '', params: {}, token: undefined, environment }
  const owner: ConnectorOwner<ConnectedSession> = {
    environment,
    maxBackoffMs: 30_000,
    transports: new TransportChoice({
      environment,
      webSocket: open,
      loadFallback: undefined,
      request: () => request,
    }),
    prepare: () => undefined,
    openSession: (transport) => ({
      transport,
      isSynced: true,
      start: () => door.entered(),
      receive: () => undefined,
      check: () => undefined,
      stop: () => undefined,
    }),
    onStatus: () => undefined,
    onClosedForGood: () => undefined,
  }
  const host: ConnectorHost = {
    mayConnect: () => true,
    shouldReconnect: () => true,
    onConnectionClose: () => undefined,
    onConnectionError: () => undefined,
  }
  return connectorKnocker(new Connector(owner, host))
}

function connectorKnocker(connector: { connect(): void }): Knocker {
  return { start: () => connector.connect() }
}

function uniformKnocker({ environment, entered, knock }: Door): Knocker {
  let failures = 0
  const attempt = (): void => {
    knock((isOpen) => {
      if (isOpen) entered()
      else environment.setTimer(attempt, Math.min(2 ** ++failures * 100, 2_500))
    })
  }
  return { start: attempt }
}

function environmentOf(time: VirtualTime, random: () => number): Environment {
  return {
    now: () => time.now,
    wallClock: () => time.now,
    setTimer: (callback, delayMs) => time.after(delayMs, callback),
    defer: (callback) => {
      time.after(0, callback)
    },
    random,
    randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
  }
}
