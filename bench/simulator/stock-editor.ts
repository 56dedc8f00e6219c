import type { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { StockProvider } from '../stock-provider.js'
import type { ClientState } from './checker.js'
import type { SimulatedClient } from './client.js'
import { ClientSockets } from './client-sockets.js'
import { createWebSocketClass } from './client-web-socket.js'
import { type EditMix, RandomEditor } from './edits.js'
import type { AppEdit } from './extension.js'
import type { Link } from './link.js'
import type { RandomStream } from './random-stream.js'
import type { SimulatedNetwork } from './simulated-network.js'
import type { World } from './world.js'

export interface EditorPlace {
  readonly name: string
  readonly documentName: string
  readonly world: World
  readonly network: SimulatedNetwork
  readonly link: Link
  readonly random: RandomStream
  readonly mix: EditMix
  /** Kinds of edits that an application brought. */
  readonly appEdits: Readonly<Record<string, AppEdit>>
  /** Query of the address. */
  readonly params: Record<string, string>
}

/** Somebody with the stock client: a Y.Doc and the provider of y-websocket, unmodified. */
export class StockEditor implements SimulatedClient {
  readonly link: Link
  readonly #place: EditorPlace
  readonly #Provider: StockProvider
  readonly #sockets: ClientSockets
  #doc = new Y.Doc()
  #editor: RandomEditor
  #provider: WebsocketProvider | undefined

  constructor(place: EditorPlace, Provider: StockProvider) {
    this.#place = place
    this.#Provider = Provider
    this.link = place.link
    this.#sockets = new ClientSockets(place.world, place, () => this.#doc)
    this.#editor = new RandomEditor(this.#doc, place.random, place.mix, place.appEdits)
  }

  get state(): ClientState | undefined {
    const provider = this.#provider
    if (provider === undefined) return undefined
    const { name, documentName } = this.#place
    return {
      name,
      documentName,
      doc: this.#doc,
      isSynced: provider.wsconnected && provider.synced,
      unacknowledged: 0,
      presence: { clientID: this.#doc.clientID, states: provider.awareness.getStates() },
    }
  }

  start(): void {
    const { documentName, network, params, name, world } = this.#place
    const options = { disableBc: true, params }
    // Its type lacks what nobody calls.
    const WebSocketPolyfill = createWebSocketClass(network, this.link, () =>
      this.#sockets.observe(),
    )
    Object.assign(options, { WebSocketPolyfill })
    const provider = new this.#Provider('ws://simulation', documentName, this.#doc, options)
    provider.on('closed', ({ code, reason }: { code: number; reason: string }) => {
      world.complain(`${name} was told to go for good: ${code} ${reason}`)
    })
    provider.awareness.setLocalStateField('name', name)
    this.#provider = provider
  }

  act(): void {
    const { random } = this.#place
    if (random.chance(0.25)) {
      this.#provider?.awareness.setLocalStateField('cursor', random.integer(0, 1_000))
    } else {
      this.#editor.edit()
    }
  }

  toggle(): void {
    const { random, world, name } = this.#place
    const provider = this.#provider
    if (provider === undefined) return
    if (!provider.shouldConnect) {
      provider.connect()
    } else if (random.chance(0.25)) {
      world.note(`${name} reloads`)
      this.#reload(random.chance(0.5))
    } else if (random.chance(0.2)) {
      world.note(`${name} vanishes`)
      this.#sockets.vanish()
      this.#reload(true)
    } else {
      provider.disconnect()
    }
  }

  stall(forMs: number): void {
    this.#sockets.stall(forMs)
  }

  settle(): void {
    this.#sockets.resume()
    this.#provider?.connect()
  }

  leave(): void {
    this.#provider?.destroy()
    this.#provider?.awareness.destroy()
    this.#provider = undefined
  }

  /** A page that was loaded anew, with what a database of the browser kept, or with nothing. */
  #reload(keepsContent: boolean): void {
    const before = this.#doc
    this.leave()
    this.#doc = new Y.Doc()
    if (keepsContent) Y.applyUpdate(this.#doc, Y.encodeStateAsUpdate(before))
    before.destroy()
    const { random, mix, appEdits } = this.#place
    this.#editor = new RandomEditor(this.#doc, random, mix, appEdits)
    this.start()
  }
}
