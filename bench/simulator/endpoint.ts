import type { Happening, VirtualTime } from '../../runtime/virtual-time.js'
import type { Direction } from './direction.js'

/** A message as a WebSocket carries it. */
export type WireMessage = Uint8Array | string

/** What one side of a connection is told. */
export interface EndpointHandlers {
  onMessage(message: WireMessage): void
  onDrain(): void
  onPong?(): void
  /** Last call. */
  onClose(code: number, reason: string): void
}

/** RFC 6455: at least two bytes in front of every frame. */
const frameBytes = 2

/**
 * One side of a WebSocket over TCP. Bytes that were sent count against the buffers of the network
 * until the application on the other side has taken them; what does not fit there waits here.
 */
export class Endpoint {
  /** The other side. */
  peer: Endpoint | undefined
  readonly #time: VirtualTime
  readonly #out: Direction
  readonly #capacity: number
  readonly #closeTimeoutMs: number
  #handlers: EndpointHandlers | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  #outstandingBytes = 0
  #inbox: { readonly bytes: number; readonly take: () => void }[] = []
  #isPaused = false
  #isTaking = false
  #drainAwaited = false
  #closeTimer: Happening | undefined
  /** A host that is gone takes nothing and says nothing. */
  #isGone = false

  /**
   * @param options.capacity bytes that the network takes without anybody reading
   * @param options.closeTimeoutMs how long the other side may take to answer a close
   */
  constructor(
    time: VirtualTime,
    out: Direction,
    options: { readonly capacity: number; readonly closeTimeoutMs: number },
  ) {
    this.#time = time
    this.#out = out
    this.#capacity = options.capacity
    this.#closeTimeoutMs = options.closeTimeoutMs
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state
  }

  /** Bytes that wait on this side. */
  get bufferedBytes(): number {
    return Math.max(0, this.#outstandingBytes - this.#capacity)
  }

  attach(handlers: EndpointHandlers): void {
    this.#handlers = handlers
    this.#takeInbox()
  }

  send(message: WireMessage): void {
    if (this.#state !== 'open') return
    const bytes = frameBytes + message.length
    this.#transmit(bytes, (peer) => peer.#handlers?.onMessage(message))
  }

  /** The other side answers below its application. */
  ping(): void {
    if (this.#state !== 'open') return
    this.#transmit(frameBytes, (peer) => {
      peer.#transmit(frameBytes, (self) => self.#handlers?.onPong?.())
    })
  }

  /** Asks for one `onDrain` when nothing waits on this side. */
  awaitDrain(): void {
    this.#drainAwaited = true
    if (this.bufferedBytes === 0) this.#soon(() => this.#drain())
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#soon(() => this.#takeInbox())
  }

  /** The WebSocket's closing handshake. */
  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#closeTimer = this.#time.after(this.#closeTimeoutMs, () => this.terminate())
    this.#sendClose(code, reason)
  }

  /** Ends it on this side at once; the other side hears of it if the network lets it. */
  terminate(): void {
    if (this.#state === 'closed') return
    const hadEnded = this.#isGone
    this.#end()
    this.#soon(() => this.#handlers?.onClose(1006, ''))
    if (!hadEnded) this.#out.send(0, () => this.peer?.reset())
  }

  /** The network says that the connection is no more. */
  reset(): void {
    if (this.#state === 'closed') return
    this.#end()
    if (!this.#isGone) this.#handlers?.onClose(1006, '')
  }

  /** The host is without power: nobody is told anything. */
  vanish(): void {
    this.#isGone = true
    this.#end()
  }

  #end(): void {
    this.#state = 'closed'
    this.#inbox = []
    this.#closeTimer?.cancel()
  }

  #soon(callback: () => void): void {
    this.#time.after(0, () => {
      if (!this.#isGone) callback()
    })
  }

  #sendClose(code: number, reason: string): void {
    const send = (): void => {
      this.#transmit(4 + reason.length, (peer) => peer.#receiveClose(code, reason))
    }
    const { closeDelayMs } = this.#out
    if (closeDelayMs === 0) send()
    else this.#time.after(closeDelayMs, send)
  }

  #receiveClose(code: number, reason: string): void {
    if (this.#state === 'closed') return
    const isAnswer = this.#state === 'closing'
    this.#end()
    if (!isAnswer) this.#sendClose(code, reason)
    this.#handlers?.onClose(code, reason)
  }

  #transmit(bytes: number, take: (peer: Endpoint) => void): void {
    this.#outstandingBytes += bytes
    this.#out.send(bytes, () => {
      const { peer } = this
      if (peer === undefined) return
      peer.#receive({
        bytes,
        take: () => {
          this.#outstandingBytes -= bytes
          take(peer)
          this.#drainIfEmpty()
        },
      })
    })
  }

  #receive(arrived: { readonly bytes: number; readonly take: () => void }): void {
    if (this.#isGone) return
    if (this.#state === 'closed') {
      // As TCP answers what comes for a connection that it does not know.
      this.#out.send(0, () => this.peer?.reset())
      return
    }
    this.#inbox.push(arrived)
    this.#takeInbox()
  }

  #takeInbox(): void {
    if (this.#isTaking || this.#handlers === undefined) return
    this.#isTaking = true
    try {
      while (!this.#isPaused && this.#state !== 'closed') {
        const arrived = this.#inbox.shift()
        if (arrived === undefined) break
        arrived.take()
      }
    } finally {
      this.#isTaking = false
    }
  }

  #drainIfEmpty(): void {
    if (this.#drainAwaited && this.bufferedBytes === 0) this.#soon(() => this.#drain())
  }

  #drain(): void {
    if (!this.#drainAwaited || this.#state !== 'open' || this.bufferedBytes > 0) return
    this.#drainAwaited = false
    this.#handlers?.onDrain()
  }
}
