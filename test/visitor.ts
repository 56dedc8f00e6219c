import { decodeServerMessage, encodeAwareness } from '../protocol/codec.js'
import { encodeTab } from '../protocol/extension-codec.js'
import { AwarenessClient } from './awareness-client.js'
import { RecordingSocket } from './recording-socket.js'
import type { SimulatedServer } from './simulated-server.js'

/** Somebody present in a document of a simulated server: a real `Awareness` over recorded sockets. */
export class Visitor {
  client: AwarenessClient
  socket: RecordingSocket | undefined
  #simulated: SimulatedServer
  readonly #options: VisitorOptions

  constructor(simulated: SimulatedServer, clientID: number, options: VisitorOptions = {}) {
    this.#simulated = simulated
    this.#options = options
    this.client = this.#clientOf(clientID)
  }

  /** The names in the states that it sees, in order. */
  get sees(): string[] {
    const states = [...this.client.seen.values()] as { name?: string }[]
    return states.map(({ name = '?' }) => name).sort()
  }

  async enter(documentName = 'notes'): Promise<void> {
    const { tab, isExtended = false, user } = this.#options
    const socket: RecordingSocket = new RecordingSocket((messages) => {
      if (socket === this.socket) for (const message of messages) this.#receive(message)
    })
    this.socket = socket
    const headers = user === undefined ? {} : { 'x-user': user }
    const request = { documentName, url: '/', headers, remoteAddress: undefined }
    this.#simulated.server.accept(socket, request, isExtended)
    if (tab !== undefined) socket.receive(encodeTab(tab))
    socket.receive(Uint8Array.of(0, 0, 1, 0))
    this.client.open((update) => socket.receive(encodeAwareness(update)))
    await this.#simulated.environment.settle()
  }

  /** Its connection ends; 1000 is a clean leave, 1006 a lost connection. */
  leave(code: number): void {
    this.socket?.disconnect(code)
    this.client.close()
  }

  /** Nothing passes any more in either direction, and nobody is told. */
  vanish(): void {
    this.socket?.goSilent()
    this.client.close()
  }

  /** The page is loaded again: another clientID. */
  reload(code: number, clientID: number): void {
    this.leave(code)
    this.client.destroy()
    this.client = this.#clientOf(clientID)
  }

  /** Connects to another server from now on. */
  moveTo(simulated: SimulatedServer): void {
    this.#simulated = simulated
  }

  destroy(): void {
    this.client.destroy()
  }

  #clientOf(clientID: number): AwarenessClient {
    const client = new AwarenessClient(this.#simulated.environment, clientID)
    client.setState({ name: this.#options.name ?? `client ${clientID}` })
    return client
  }

  #receive(frame: Uint8Array): void {
    const message = decodeServerMessage(frame)
    // What the client holds of a frame must not change with it.
    if (message.type === 'awareness') this.client.receive(message.awareness.slice())
    else if (message.type === 'away') this.client.noteAway(message.clientIDs, [])
    else if (message.type === 'back') this.client.noteAway([], message.clientIDs)
  }
}

export interface VisitorOptions {
  readonly name?: string
  /** Who it authenticates as, in the header `x-user`. */
  readonly user?: string
  readonly isExtended?: boolean
  readonly tab?: string
}
