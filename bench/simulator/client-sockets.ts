import type * as Y from 'yjs'
import type { SocketObserver } from './client-web-socket.js'
import type { Endpoint } from './endpoint.js'
import type { World } from './world.js'

/** Follows the sockets of one client for the checkers, and lets it stop reading. */
export class ClientSockets {
  readonly #world: World
  readonly #documentName: string
  readonly #doc: () => Y.Doc
  #endpoint: Endpoint | undefined

  constructor(world: World, documentName: string, doc: () => Y.Doc) {
    this.#world = world
    this.#documentName = documentName
    this.#doc = doc
  }

  /** An observer for the next socket. */
  observe(): SocketObserver {
    const connection = {}
    const world = this.#world
    return {
      onOpen: (endpoint) => {
        this.#endpoint = endpoint
      },
      onSend: (message) => {
        const isStep1 = message[0] === 0 && message[1] === 0
        if (isStep1) world.check((checker) => checker.asked?.(connection, this.#documentName))
      },
      onReceived: (message) => {
        const isStep2 = message[0] === 0 && message[1] === 1
        if (!isStep2) return
        world.check((checker) => checker.answered?.(connection, this.#doc()))
      },
    }
  }

  /** Reads nothing for a while, as a busy or sleeping page does. */
  stall(forMs: number): void {
    const endpoint = this.#endpoint
    if (endpoint === undefined || endpoint.state !== 'open') return
    endpoint.pause()
    this.#world.time.after(forMs, () => endpoint.resume())
  }

  /** Reads again. */
  resume(): void {
    this.#endpoint?.resume()
  }

  /** The client's machine is switched off; the other side hears nothing. */
  vanish(): void {
    const endpoint = this.#endpoint
    const peer = endpoint?.peer
    endpoint?.vanish()
    // What the server's system finds out by itself, some time later.
    if (peer !== undefined) this.#world.time.after(vanishedMs, () => peer.reset())
  }
}

/** After which a system gives up a connection whose other side does not answer. */
const vanishedMs = 20_000
