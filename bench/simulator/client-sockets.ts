import type * as Y from 'yjs'
import type { SocketObserver } from './client-web-socket.js'
import type { Endpoint } from './endpoint.js'
import type { World } from './world.js'

/** After which a system gives up a connection whose other side does not answer. */
export const vanishedMs = 20_000

/** Follows the sockets of one client for the checkers, and lets it stop reading. */
export class ClientSockets {
  readonly #world: World
  readonly #documentName: string
  readonly #clientName: string
  readonly #doc: () => Y.Doc
  #endpoint: Endpoint | undefined

  constructor(
    world: World,
    client: { readonly name: string; readonly documentName: string },
    doc: () => Y.Doc,
  ) {
    this.#world = world
    this.#clientName = client.name
    this.#documentName = client.documentName
    this.#doc = doc
  }

  /** An observer for the next socket. */
  observe(): SocketObserver {
    const connection = {}
    const world = this.#world
    let losses = world.losses
    return {
      onOpen: (endpoint) => {
        this.#endpoint = endpoint
        world.note(`${this.#clientName} connected as ${this.#doc().clientID}`)
      },
      onClosed: (code) => world.note(`${this.#clientName} disconnected with ${code}`),
      onSend: (message) => {
        const isStep1 = message[0] === 0 && message[1] === 0
        if (!isStep1) return
        losses = world.losses
        world.check((checker) => checker.asked?.(connection, this.#documentName))
      },
      onReceived: (message) => {
        const isStep2 = message[0] === 0 && message[1] === 1
        if (!isStep2 || losses !== world.losses) return
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
