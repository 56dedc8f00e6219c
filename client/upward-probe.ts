import type { Environment, Timer } from '../runtime/environment.js'
import type { Transport, TransportHandlers } from './transport.js'
import type { TransportChoice } from './transport-choice.js'

/** The first look comes soon: the server may only have been away while WebSockets failed. */
const firstProbeMs = 2_000
/** The next is after this long; each that fails doubles the wait to the one after. */
const secondProbeMs = 30_000
const lastProbeMs = 600_000
/** How long a WebSocket may take to its first message. */
const answerMs = 10_000

/** A WebSocket on which a first message has come. */
export interface OpenedWebSocket {
  readonly transport: Transport
  readonly first: Uint8Array
  readonly isExtended: boolean
  /** Who hears of it from now on. */
  redirect(handlers: TransportHandlers): void
}

/** While the fallback carries the document: tries, seldom, whether a WebSocket gets through again. */
export class UpwardProbe {
  readonly #environment: Environment
  readonly #transports: TransportChoice
  readonly #onOpened: (opened: OpenedWebSocket) => void
  #timer: Timer
  #waitMs = secondProbeMs
  #transport: Transport | undefined

  constructor(
    environment: Environment,
    transports: TransportChoice,
    onOpened: (opened: OpenedWebSocket) => void,
  ) {
    this.#environment = environment
    this.#transports = transports
    this.#onOpened = onOpened
    this.#timer = environment.setTimer(() => this.#try(), firstProbeMs)
  }

  stop(): void {
    this.#timer.cancel()
    this.#transport?.close(1000)
    this.#transport = undefined
  }

  #try(): void {
    let handlers: TransportHandlers | undefined
    let isExtended = false
    let transport: Transport | undefined
    try {
      transport = this.#transports.openWebSocket({
        onOpen: (extended) => {
          isExtended = extended
        },
        onMessage: (message) => {
          if (handlers !== undefined) handlers.onMessage(message)
          else if (transport !== undefined && transport === this.#transport) {
            this.#timer.cancel()
            this.#transport = undefined
            const redirect = (next: TransportHandlers): void => {
              handlers = next
            }
            this.#onOpened({ transport, first: message, isExtended, redirect })
          }
        },
        onError: (event) => handlers?.onError(event),
        onClose: (close) => {
          if (handlers !== undefined) handlers.onClose(close)
          else if (transport === this.#transport) this.#failed()
        },
      })
    } catch {
      // A browser that forbids it; it may be asked again, later.
    }
    this.#transport = transport
    if (transport === undefined) this.#failed()
    else this.#timer = this.#environment.setTimer(() => this.#failed(), answerMs)
  }

  #failed(): void {
    this.#timer.cancel()
    this.#transport?.close(1000)
    this.#transport = undefined
    this.#timer = this.#environment.setTimer(() => this.#try(), this.#waitMs)
    this.#waitMs = Math.min(this.#waitMs * 2, lastProbeMs)
  }
}
