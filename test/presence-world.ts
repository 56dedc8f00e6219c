import { decodeAwareness } from '../protocol/awareness-message.js'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { TimerWheel, type WheelTask } from '../runtime/timer-wheel.js'
import type { PresenceEvent } from '../server/presence-event.js'
import { type PresenceOptions, resolvePresenceOptions } from '../server/presence-options.js'
import type { PresenceOwner, PresencePrincipal } from '../server/presence-owner.js'
import { PresenceTable } from '../server/presence-table.js'
import { AwarenessClient } from './awareness-client.js'

/** How a connection ends: with a close frame, seen by both ends, or seen by the client alone. */
export type LinkEnd = 'clean' | 'lost' | 'half-open'

export const heartbeatMs = 25_000
export const pongMs = 10_000
const latencyMs = 5
const channelLatencyMs = 1
const flushDelayMs = 10

/** One connection: a client, and what the server knows of it until it hears of the end. */
interface Link {
  readonly owner: PresenceOwner
  readonly participant: Participant
  isClientOpen: boolean
  isServerOpen: boolean
  heartbeat: WheelTask
}

/** Somebody at a screen: a client that reloads is another client of the same participant. */
export interface Participant {
  readonly name: string
  readonly principal: PresencePrincipal | undefined
  readonly isExtended: boolean
  client: AwarenessClient
  link: Link | undefined
}

/**
 * A server with one document's presence, clients, and the network between them, under a simulated
 * clock. What a document and its connections do around a `PresenceTable` is done here in short.
 */
export class PresenceWorld {
  readonly environment = new SimulatedEnvironment()
  readonly events: string[] = []
  readonly participants: Participant[] = []
  channelMessages = 0
  readonly #wheel = new TimerWheel(this.environment)
  readonly #options: PresenceOptions
  readonly #links = new Set<Link>()
  readonly #tick: WheelTask
  #table: PresenceTable
  #isFlushAsked = false
  #connections = 0
  #nextClientID = 100

  constructor(options: PresenceOptions = {}) {
    this.#options = options
    this.#table = this.#createTable()
    this.#tick = this.#wheel.task((now) => {
      this.#table.tick(now)
      this.#settle()
    })
  }

  get table(): PresenceTable {
    return this.#table
  }

  get now(): number {
    return this.environment.now()
  }

  advance(ms: number): Promise<void> {
    return this.environment.advance(ms)
  }

  /** Somebody with a state of their name, not connected yet. */
  participant(
    name: string,
    options: { principal?: PresencePrincipal; isExtended?: boolean; clientID?: number } = {},
  ): Participant {
    const { principal, isExtended = false, clientID = this.#nextClientID++ } = options
    const client = new AwarenessClient(this.environment, clientID)
    client.setState({ name })
    const participant: Participant = { name, principal, isExtended, client, link: undefined }
    this.participants.push(participant)
    return participant
  }

  connect(participant: Participant): void {
    if (participant.link !== undefined) throw new Error(`${participant.name} is connected`)
    const { name, principal, isExtended } = participant
    const link: Link = {
      owner: {
        id: `connection-${++this.#connections}`,
        principal,
        ...(isExtended ? { tab: `tab of ${name}` } : {}),
      },
      participant,
      isClientOpen: true,
      isServerOpen: true,
      heartbeat: this.#wheel.task(() => this.#ping(link)),
    }
    participant.link = link
    this.#links.add(link)
    link.heartbeat.scheduleAt(this.now + heartbeatMs)
    const table = this.#table
    this.#deliver(() => {
      if (link.isServerOpen && table === this.#table) table.snapshotFor(link.owner, this.now)
      this.#settle()
    })
    participant.client.open((update) => this.#deliver(() => this.#receive(link, update)))
  }

  disconnect(participant: Participant, end: LinkEnd): void {
    const { link } = participant
    if (link === undefined) return
    participant.link = undefined
    if (end !== 'half-open') {
      // Behind what it has sent.
      this.#deliver(() => this.#endAtServer(link, end))
    } else {
      // What is on its way is lost with it.
      link.isClientOpen = false
    }
    participant.client.close()
    if (end !== 'half-open') this.#deliver(() => (link.isClientOpen = false))
  }

  /** Another clientID, as after a reload of the page; its awareness starts anew. */
  reload(participant: Participant, end: LinkEnd, clientID = this.#nextClientID++): void {
    this.disconnect(participant, end)
    participant.client.destroy()
    participant.client = new AwarenessClient(this.environment, clientID)
    participant.client.setState({ name: participant.name })
  }

  /** Makes them tabs of one browser, which also hear each other without the server. */
  joinChannel(tabs: readonly Participant[]): void {
    for (const tab of tabs) {
      tab.client.joinChannel((update) => {
        this.channelMessages++
        this.environment.setTimer(() => {
          for (const other of tabs) if (other !== tab) other.client.receiveFromChannel(update)
        }, channelLatencyMs)
      })
    }
  }

  /** Every connection is gone, and so is all that the server knew. */
  restart(): void {
    for (const link of this.#links) {
      link.isServerOpen = false
      link.isClientOpen = false
      link.heartbeat.cancel()
      if (link.participant.link !== link) continue
      link.participant.link = undefined
      link.participant.client.close()
    }
    this.#links.clear()
    this.#table = this.#createTable()
  }

  /** Who is connected and has a state, by client id: as it set it, and as others should see it. */
  get truth(): Map<number, { readonly own: unknown; readonly shown: unknown }> {
    const truth = new Map<number, { readonly own: unknown; readonly shown: unknown }>()
    for (const { link, client, principal } of this.participants) {
      const own = client.awareness.getLocalState()
      if (link === undefined || own === null) continue
      const shown = principal === undefined ? own : { ...own, user: principal }
      truth.set(client.clientID, { own, shown })
    }
    return truth
  }

  destroy(): void {
    this.#wheel.stop()
    for (const { client } of this.participants) client.destroy()
  }

  #createTable(): PresenceTable {
    return new PresenceTable({
      documentName: 'document',
      presence: resolvePresenceOptions(this.#options),
      wallClockOffsetMs: this.environment.wallClock() - this.environment.now(),
    })
  }

  #deliver(arrive: () => void): void {
    this.environment.setTimer(arrive, latencyMs)
  }

  #receive(link: Link, update: Uint8Array): void {
    if (!link.isClientOpen || !link.isServerOpen) return
    const entries = decodeAwareness(update, this.#table.messageLimits)
    this.#table.receive(link.owner, entries, this.now)
    this.#settle()
  }

  #ping(link: Link): void {
    if (link.isClientOpen) {
      link.heartbeat.scheduleAt(this.now + heartbeatMs)
    } else {
      link.heartbeat = this.#wheel.task(() => this.#endAtServer(link, 'lost'))
      link.heartbeat.scheduleAt(this.now + pongMs)
    }
  }

  #endAtServer(link: Link, end: 'clean' | 'lost'): void {
    if (!link.isServerOpen) return
    link.isServerOpen = false
    link.heartbeat.cancel()
    this.#links.delete(link)
    this.#table.disconnect(link.owner, end, this.now)
    this.#settle()
  }

  /** Asks for a flush and for the next tick, as whoever called the table must. */
  #settle(): void {
    const { nextDueAt, needsFlush } = this.#table
    if (nextDueAt === undefined) this.#tick.cancel()
    else this.#tick.scheduleAt(nextDueAt)
    if (!needsFlush || this.#isFlushAsked) return
    this.#isFlushAsked = true
    this.environment.setTimer(() => this.#flush(), flushDelayMs)
  }

  #flush(): void {
    this.#isFlushAsked = false
    const flush = this.#table.takeFlush(this.now)
    if (flush === undefined) return
    this.events.push(...flush.events.map(describeEvent))
    for (const link of this.#links) {
      const update = flush.concerns(link.owner) ? flush.forOwner(link.owner) : flush.shared
      const { client, isExtended } = link.participant
      this.#deliver(() => {
        if (!link.isClientOpen || link.participant.link !== link) return
        if (update !== undefined) client.receive(update)
        if (isExtended) client.noteAway(flush.away, flush.back)
      })
    }
    this.#settle()
  }
}

function describeEvent({ type, clientID, principal }: PresenceEvent): string {
  return `${type} ${clientID}${principal === undefined ? '' : ` ${principal.id}`}`
}
