import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  outdatedTimeout,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import { Doc } from 'yjs'
import type { Environment, Timer } from '../runtime/environment.js'

/** What `Awareness` says happened, with client ids in ascending order. */
export interface ChangeLogEntry {
  readonly at: number
  readonly text: string
}

interface AwarenessChange {
  readonly added: number[]
  readonly updated: number[]
  readonly removed: number[]
}

const provider = 'provider'

/**
 * The presence half of a y-websocket 3.1.0 provider, around the real `Awareness`. That one reads the
 * real clock, so its interval is stopped, and what it does every three seconds is done here under
 * the environment's clock.
 */
export class AwarenessClient {
  readonly awareness: Awareness
  readonly log: ChangeLogEntry[] = []
  readonly #away = new Set<number>()
  readonly #environment: Environment
  #send: ((update: Uint8Array) => void) | undefined
  #publish: ((update: Uint8Array) => void) | undefined
  #timer: Timer

  constructor(environment: Environment, clientID: number) {
    this.#environment = environment
    const doc = new Doc()
    doc.clientID = clientID
    this.awareness = new Awareness(doc)
    clearInterval(this.awareness._checkInterval)
    this.#stampTimes([clientID])
    this.awareness.on('change', (change: AwarenessChange, origin: unknown) => {
      if (origin !== 'local') this.#note(change)
    })
    this.awareness.on('update', ({ added, updated, removed }: AwarenessChange) => {
      const changed = [...added, ...updated, ...removed]
      this.#stampTimes(changed)
      const update = encodeAwarenessUpdate(this.awareness, changed)
      this.#send?.(update)
      this.#publish?.(update)
    })
    this.#timer = this.#scheduleCheck()
  }

  get clientID(): number {
    return this.awareness.clientID
  }

  get isOpen(): boolean {
    return this.#send !== undefined
  }

  /** Whom an extended client may dim: it was told that they are away, and neither back nor left. */
  get away(): number[] {
    return [...this.#away]
  }

  noteAway(away: readonly number[], back: readonly number[]): void {
    for (const clientID of away) this.#away.add(clientID)
    for (const clientID of back) this.#away.delete(clientID)
  }

  setState(state: Record<string, unknown> | null): void {
    this.awareness.setLocalState(state)
  }

  /** As `onopen` of the provider: its own state, under its unchanged clock. */
  open(send: (update: Uint8Array) => void): void {
    this.#send = send
    if (this.awareness.getLocalState() === null) return
    send(encodeAwarenessUpdate(this.awareness, [this.clientID]))
  }

  /** Tabs of one browser tell each other what they hear, from wherever. */
  joinChannel(publish: (update: Uint8Array) => void): void {
    this.#publish = publish
    publish(encodeAwarenessUpdate(this.awareness, [this.clientID]))
  }

  receiveFromChannel(update: Uint8Array): void {
    applyAwarenessUpdate(this.awareness, update, provider)
  }

  receive(update: Uint8Array): void {
    if (this.isOpen) applyAwarenessUpdate(this.awareness, update, provider)
  }

  /** As `onclose` of the provider: everybody else is gone from the list. */
  close(): void {
    if (!this.isOpen) return
    this.#send = undefined
    this.#away.clear()
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.clientID)
    removeAwarenessStates(this.awareness, others, provider)
    this.log.length = 0
  }

  /** Whom it sees, itself included: client id -> state. */
  get seen(): ReadonlyMap<number, unknown> {
    return this.awareness.getStates()
  }

  get seenIDs(): number[] {
    return [...this.seen.keys()].toSorted(ascending)
  }

  /** The texts of the log, which is empty afterwards. */
  takeLog(): string[] {
    return this.log.splice(0).map(({ text }) => text)
  }

  destroy(): void {
    this.#send = undefined
    this.#publish = undefined
    this.#timer.cancel()
    this.awareness.doc.destroy()
  }

  #note({ added, updated, removed }: AwarenessChange): void {
    const at = this.#environment.now()
    for (const id of removed) this.#away.delete(id)
    for (const [what, ids] of Object.entries({ added, updated, removed })) {
      for (const id of ids.toSorted(ascending)) this.log.push({ at, text: `${what} ${id}` })
    }
  }

  #stampTimes(clientIDs: readonly number[]): void {
    for (const clientID of clientIDs) {
      const meta = this.awareness.meta.get(clientID)
      if (meta !== undefined) meta.lastUpdated = this.#environment.now()
    }
  }

  #scheduleCheck(): Timer {
    return this.#environment.setTimer(() => {
      this.#timer = this.#scheduleCheck()
      this.#check(this.#environment.now())
    }, outdatedTimeout / 10)
  }

  #check(now: number): void {
    const { awareness, clientID } = this
    const own = awareness.meta.get(clientID)
    const ownState = awareness.getLocalState()
    if (own !== undefined && ownState !== null && now - own.lastUpdated >= outdatedTimeout / 2) {
      awareness.setLocalState(ownState)
    }
    const outdated: number[] = []
    for (const [id, { lastUpdated }] of awareness.meta) {
      const isOld = id !== clientID && now - lastUpdated >= outdatedTimeout
      if (isOld && awareness.states.has(id)) outdated.push(id)
    }
    if (outdated.length > 0) removeAwarenessStates(awareness, outdated, 'timeout')
  }
}

function ascending(one: number, other: number): number {
  return one - other
}
