import * as Y from 'yjs'
import {
  decodeServerMessage,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../../protocol/codec.js'
import { extensionProtocol } from '../../protocol/message.js'
import type { Happening } from '../../runtime/virtual-time.js'
import type { UpdateContents } from '../update-contents.js'
import type { ClientState } from './checker.js'
import type { SimulatedClient } from './client.js'
import { ClientSockets } from './client-sockets.js'
import { createWebSocketClass, type WebSocketLike } from './client-web-socket.js'
import { contentsOf } from './contents-set.js'
import { RandomEditor } from './edits.js'
import type { Link } from './link.js'
import type { EditorPlace } from './stock-editor.js'

const reconnectMs = 700
/** How long an update may be overtaken by those after it. */
const overtakenMs = 800

/** An update frame that went out and is not acknowledged. */
interface SentFrame {
  readonly contents: UpdateContents
  isRejected: boolean
}

/**
 * Somebody who speaks `cairn.v1` and remembers what was acknowledged. Now and then an update of its
 * own is overtaken by the next ones, as happens where they take several ways; the server must hold
 * those until it is there.
 */
export class ExtendedEditor implements SimulatedClient {
  readonly link: Link
  readonly #place: EditorPlace
  readonly #sockets: ClientSockets
  readonly #doc = new Y.Doc()
  readonly #editor: RandomEditor
  readonly #access: 'read' | 'write'
  #socket: WebSocketLike | undefined
  #isWanted = false
  #isSynced = false
  #retry: Happening | undefined
  #sent: SentFrame[] = []
  #firstSent = 0
  #overtaken = 0
  /** Losses of the store before the present connection. */
  #losses = 0

  constructor(place: EditorPlace, access: 'read' | 'write' = 'write') {
    this.#place = place
    this.#access = access
    this.link = place.link
    this.#sockets = new ClientSockets(place.world, place, () => this.#doc)
    this.#editor = new RandomEditor(this.#doc, place.random, place.mix, place.appEdits)
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#sendEdit(update)
    })
  }

  get state(): ClientState {
    const { name, documentName } = this.#place
    return {
      name,
      documentName,
      doc: this.#doc,
      tidiesAlone: this.#access === 'read',
      isSynced: this.#isSynced,
      unacknowledged: this.#sent.length + this.#overtaken,
      presence: undefined,
    }
  }

  start(): void {
    this.#isWanted = true
    if (this.#socket !== undefined) return
    const { network, documentName, params, world } = this.#place
    const WebSocketClass = createWebSocketClass(network, this.link, () => this.#sockets.observe())
    const query = new URLSearchParams(params).toString()
    const url = `ws://simulation/${documentName}?${query}`
    const socket = new WebSocketClass(url, [extensionProtocol])
    this.#socket = socket
    this.#sent = []
    this.#firstSent = 0
    this.#losses = world.losses
    socket.onopen = () => socket.send(encodeSyncStep1(Y.encodeStateVector(this.#doc)))
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#receive(new Uint8Array(data))
    }
    socket.onclose = ({ code, reason }) => this.#onClose(socket, code, reason)
  }

  act(): void {
    if (this.#access === 'read') this.#tryToWrite()
    else this.#editor.edit()
  }

  toggle(): void {
    if (this.#isWanted) this.#disconnect()
    else this.start()
  }

  stall(forMs: number): void {
    this.#sockets.stall(forMs)
  }

  settle(): void {
    this.#sockets.resume()
    if (!this.#isWanted) this.start()
  }

  leave(): void {
    if (this.#isWanted) this.#disconnect()
  }

  #disconnect(): void {
    this.#isWanted = false
    this.#isSynced = false
    this.#retry?.cancel()
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    // What still comes on a socket that was given up counts other frames.
    socket.onmessage = null
    socket.close(1000)
  }

  #onClose(socket: WebSocketLike, code: number, reason: string): void {
    if (socket !== this.#socket) return
    const { world, name } = this.#place
    this.#isSynced = false
    this.#socket = undefined
    if (code >= 4400 && code < 4500) {
      world.complain(`${name} was told to go for good: ${code} ${reason}`)
    }
    if (this.#isWanted) this.#retry = world.time.after(reconnectMs, () => this.start())
  }

  #receive(frame: Uint8Array): void {
    const message = decodeServerMessage(frame)
    switch (message.type) {
      case 'sync-step-1':
        this.#answer(message.stateVector)
        break
      case 'sync-step-2':
        Y.applyUpdate(this.#doc, message.update, this)
        this.#isSynced = true
        break
      case 'update':
        Y.applyUpdate(this.#doc, message.update, this)
        break
      case 'acknowledge':
        this.#settle(message.count)
        break
      case 'reject':
        this.#onReject(message.frame, `${message.code}: ${message.reason}`)
        break
      default:
        break
    }
  }

  #answer(stateVector: Uint8Array): void {
    // A reader gives what everybody gives who has nothing.
    const update =
      this.#access === 'read' ? Uint8Array.of(0, 0) : Y.encodeStateAsUpdate(this.#doc, stateVector)
    this.#send(encodeSyncStep2(update), update)
  }

  #sendEdit(update: Uint8Array): void {
    if (!this.#isSynced) return
    const { random, world } = this.#place
    const socket = this.#socket
    if (!random.chance(0.04)) {
      this.#send(encodeUpdate(update), update)
      return
    }
    this.#overtaken++
    world.time.after(random.between(1, overtakenMs), () => {
      this.#overtaken--
      if (socket === this.#socket) this.#send(encodeUpdate(update), update)
    })
  }

  #tryToWrite(): void {
    const forger = new Y.Doc()
    this.#place.world.check((checker) => checker.reads?.(forger.clientID))
    forger.getText('text').insert(0, 'from a reader')
    const update = Y.encodeStateAsUpdate(forger)
    forger.destroy()
    if (this.#isSynced) this.#send(encodeUpdate(update), update)
  }

  #send(frame: Uint8Array, update: Uint8Array): void {
    if (this.#socket?.readyState !== 1) return
    this.#sent.push({ contents: contentsOf(update), isRejected: false })
    this.#socket.send(frame)
  }

  #settle(count: number): void {
    const { world, documentName } = this.#place
    const settled = this.#sent.splice(0, count - this.#firstSent)
    this.#firstSent = count
    if (this.#losses !== world.losses) return
    for (const { contents, isRejected } of settled) {
      if (!isRejected) world.check((checker) => checker.acknowledged?.(documentName, contents))
    }
  }

  #onReject(frame: number, reason: string): void {
    const { world, name } = this.#place
    const sent = this.#sent[frame - this.#firstSent - 1]
    if (sent !== undefined) sent.isRejected = true
    if (this.#access === 'write') world.complain(`${name} was refused an update: ${reason}`)
  }
}
