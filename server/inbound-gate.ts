import type { Environment, Timer } from '../runtime/environment.js'
import type { MessageSocket } from '../runtime/message-socket.js'
import { Allowance } from './allowance.js'
import { exceeds, type ServerLimits } from './limits.js'

/** What stops reading from a socket; it is read again when none of them holds. */
type Reason = 'joining' | 'uncommitted' | 'rate' | 'draining'

/**
 * Back pressure on what a client sends: its socket is paused while the document is not open, while
 * too much of it is not durable, and while it sends faster than it may. Nothing is lost by that; what
 * was not read waits in the network.
 */
export class InboundGate {
  readonly #environment: Environment
  readonly #limits: ServerLimits
  readonly #socket: Pick<MessageSocket, 'pause' | 'resume'>
  readonly #allowance: Allowance
  readonly #reasons = new Set<Reason>()
  #uncommittedBytes = 0
  #rateTimer: Timer | undefined

  constructor(
    environment: Environment,
    limits: ServerLimits,
    socket: Pick<MessageSocket, 'pause' | 'resume'>,
  ) {
    this.#environment = environment
    this.#limits = limits
    this.#socket = socket
    const { connectionBytesPerSecond, connectionBurstBytes } = limits
    const now = environment.now()
    this.#allowance = new Allowance(connectionBytesPerSecond, connectionBurstBytes, now)
  }

  pause(reason: Reason): void {
    this.#reasons.add(reason)
    this.#socket.pause()
  }

  resume(reason: Reason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#socket.resume()
  }

  /** A message was read. */
  received(bytes: number): void {
    const waitMs = this.#allowance.spend(bytes, this.#environment.now())
    if (waitMs === 0) return
    this.pause('rate')
    this.#rateTimer?.cancel()
    this.#rateTimer = this.#environment.setTimer(() => this.resume('rate'), waitMs)
  }

  /** Bytes went to the log; `allQueuedBytes` are those of everybody. */
  queued(bytes: number, allQueuedBytes: number): void {
    this.#uncommittedBytes += bytes
    const isOver =
      exceeds(this.#uncommittedBytes, this.#limits.connectionUncommittedBytes) ||
      exceeds(allQueuedBytes, this.#limits.uncommittedBytes)
    if (isOver) this.pause('uncommitted')
  }

  /** As many of them are durable, or never will be. */
  committed(bytes: number): void {
    this.#uncommittedBytes -= bytes
    const enough = this.#limits.connectionUncommittedBytes / 2
    if (this.#uncommittedBytes <= enough) this.resume('uncommitted')
  }

  /** The connection is closed. */
  close(): void {
    this.#rateTimer?.cancel()
    // What is durable later must not wake a socket that is gone.
    this.#reasons.add('draining')
  }
}
