import * as Y from 'yjs'
import { encodeSyncStep1, encodeUpdate } from '../../protocol/codec.js'
import { extensionProtocol } from '../../protocol/message.js'
import type { SimulatedClient } from './client.js'
import { ClientSockets } from './client-sockets.js'
import { createWebSocketClass, type WebSocketLike } from './client-web-socket.js'
import type { Link } from './link.js'
import type { EditorPlace } from './stock-editor.js'

const keptFrames = 8

/**
 * Somebody who means harm, or whose program is broken: bytes that are no messages, messages that are
 * cut or changed, claims that are too large, updates that build on nothing, the presence of others,
 * questions without end, and never reading.
 */
export class HostileClient implements SimulatedClient {
  readonly link: Link
  readonly state = undefined
  readonly #place: EditorPlace
  readonly #sockets: ClientSockets
  readonly #doc = new Y.Doc()
  readonly #heard: Uint8Array[] = []
  #socket: WebSocketLike | undefined
  #isWanted = false

  constructor(place: EditorPlace) {
    this.#place = place
    this.link = place.link
    this.#sockets = new ClientSockets(place.world, place, () => this.#doc)
  }

  start(): void {
    this.#isWanted = true
    if (this.#socket !== undefined) return
    const { network, documentName, params, random } = this.#place
    // What it gets it does not apply, so nobody asks whether its answers are complete.
    const WebSocketClass = createWebSocketClass(network, this.link, () => ({
      onOpen: (endpoint) => this.#sockets.observe().onOpen?.(endpoint),
    }))
    const url = `ws://simulation/${documentName}?${new URLSearchParams(params).toString()}`
    const socket = new WebSocketClass(url, random.chance(0.5) ? [extensionProtocol] : [])
    this.#socket = socket
    socket.onopen = () => this.#send(encodeSyncStep1(Uint8Array.of(0)))
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#remember(new Uint8Array(data))
    }
    socket.onclose = () => {
      if (this.#socket === socket) this.#socket = undefined
    }
  }

  act(): void {
    if (!this.#isWanted) return
    if (this.#socket === undefined) this.start()
    const { random } = this.#place
    const attack = random.pick([
      () => this.#send(random.bytes(random.integer(0, 40))),
      () => this.#socket?.send('text'),
      () => this.#sendCut(),
      () => this.#sendChanged(),
      () => this.#sendWithoutPast(),
      () => this.#sendOwn(),
      () => this.#send(encodeSyncStep1(random.bytes(random.integer(1, 20)))),
      () => this.#ask(),
      () => this.#sockets.stall(random.between(500, 8_000)),
      () => this.#send(Uint8Array.of(0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f)),
      () => this.#socket?.close(random.pick([1000, 1001, 3000, 4001])),
    ])
    attack()
  }

  toggle(): void {
    this.#socket?.close(1000)
  }

  stall(forMs: number): void {
    this.#sockets.stall(forMs)
  }

  /** Nobody can be asked to stop; at rest it is gone. */
  settle(): void {
    this.leave()
  }

  leave(): void {
    this.#isWanted = false
    this.#sockets.resume()
    this.#socket?.close(1000)
  }

  #remember(frame: Uint8Array): void {
    if (this.#heard.length >= keptFrames) this.#heard.shift()
    this.#heard.push(frame)
  }

  #sendCut(): void {
    const frame = this.#place.random.pickAny(this.#heard)
    if (frame !== undefined) this.#send(frame.slice(0, this.#cutAt(frame)))
  }

  #cutAt(frame: Uint8Array): number {
    return this.#place.random.integer(0, Math.max(0, frame.length - 1))
  }

  /** Some byte of something that it heard is another one. */
  #sendChanged(): void {
    const frame = this.#place.random.pickAny(this.#heard)?.slice()
    if (frame === undefined || frame.length === 0) return
    const { random } = this.#place
    for (let changes = random.integer(1, 3); changes > 0; changes--) {
      frame[this.#cutAt(frame)] = random.integer(0, 255)
    }
    this.#send(frame)
  }

  /** An update of its own whose first half never comes. */
  #sendWithoutPast(): void {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'never sent')
    const stateVector = Y.encodeStateVector(doc)
    doc.getText('text').insert(3, 'in the air')
    this.#send(encodeUpdate(Y.encodeStateAsUpdate(doc, stateVector)))
    doc.destroy()
  }

  #sendOwn(): void {
    this.#doc.getText('text').insert(0, 'spam')
    this.#send(encodeUpdate(Y.encodeStateAsUpdate(this.#doc)))
  }

  #ask(): void {
    const { random } = this.#place
    for (let count = random.integer(1, 30); count > 0; count--) {
      this.#send(random.chance(0.5) ? Uint8Array.of(3) : encodeSyncStep1(Uint8Array.of(0)))
    }
  }

  #send(frame: Uint8Array): void {
    if (this.#socket?.readyState === 1) this.#socket.send(frame)
  }
}
