import type { ClientState } from './checker.js'
import type { SimulatedClient } from './client.js'
import { ClientSockets } from './client-sockets.js'
import { createWebSocketClass } from './client-web-socket.js'
import { RandomEditor } from './edits.js'
import type { AppClient, AppClientPlace } from './extension.js'
import type { Link } from './link.js'
import type { EditorPlace } from './stock-editor.js'

/** Somebody with a client that an application brought. */
export class ExtensionClient implements SimulatedClient {
  readonly link: Link
  readonly #place: EditorPlace
  readonly #make: (place: AppClientPlace) => AppClient
  #client: AppClient | undefined
  #sockets: ClientSockets | undefined
  #editor: RandomEditor | undefined
  #isWanted = false

  constructor(place: EditorPlace, make: (place: AppClientPlace) => AppClient) {
    this.link = place.link
    this.#place = place
    this.#make = make
  }

  get state(): ClientState | undefined {
    const client = this.#client
    if (client === undefined) return undefined
    const { name, documentName } = this.#place
    const { doc, isSynced, unacknowledged = 0, awareness } = client
    const presence = awareness && { clientID: awareness.clientID, states: awareness.getStates() }
    return { name, documentName, doc, isSynced, unacknowledged, presence }
  }

  start(): void {
    const { name, documentName, params, random, world, network, mix, appEdits } = this.#place
    const sockets = new ClientSockets(world, this.#place, () => client.doc)
    const client = this.#make({
      name,
      url: 'ws://simulation',
      documentName,
      params,
      random,
      WebSocket: createWebSocketClass(network, this.link, () => sockets.observe()),
    })
    this.#client = client
    this.#sockets = sockets
    this.#editor = new RandomEditor(client.doc, random, mix, appEdits)
    this.#connect()
  }

  act(): void {
    this.#editor?.edit()
  }

  toggle(): void {
    if (this.#isWanted) this.#disconnect()
    else this.#connect()
  }

  stall(forMs: number): void {
    this.#sockets?.stall(forMs)
  }

  settle(): void {
    this.#sockets?.resume()
    if (!this.#isWanted) this.#connect()
  }

  leave(): void {
    this.#client?.destroy()
    this.#client = undefined
    this.#editor = undefined
  }

  #connect(): void {
    this.#isWanted = true
    this.#client?.connect()
  }

  #disconnect(): void {
    this.#isWanted = false
    this.#client?.disconnect()
  }
}
