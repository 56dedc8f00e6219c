import * as Y from 'yjs'
import {
  decodeServerMessage,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../protocol/codec.js'
import { encodeResume } from '../protocol/extension-codec.js'
import type { CairnServer } from '../server/index.js'
import { RecordingSocket } from './recording-socket.js'

interface Place {
  readonly epoch: Uint8Array
  readonly position: Uint8Array
}

/**
 * A Y.Doc that speaks the y-websocket protocol over a `RecordingSocket`: what a stock client does,
 * step by step under the test's hand.
 */
export class Replica {
  readonly doc = new Y.Doc()
  isSynced = false
  #socket: RecordingSocket | undefined
  #epoch: Uint8Array = new Uint8Array(0)
  #position: Uint8Array | undefined

  constructor(clientID?: number) {
    if (clientID !== undefined) this.doc.clientID = clientID
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#socket?.receive(encodeUpdate(update))
    })
  }

  get socket(): RecordingSocket {
    if (this.#socket === undefined) throw new Error('the replica was never connected')
    return this.#socket
  }

  /** Where it stands, as an extended connection was told. */
  get place(): Place | undefined {
    return this.#position && { epoch: this.#epoch, position: this.#position }
  }

  get text(): string {
    return this.doc.getText('text').toString()
  }

  /**
   * Opens a connection and sends sync step 1, as y-websocket does. With `resumeFrom` it speaks the
   * extension and says first where it stood.
   */
  connect(
    server: CairnServer,
    name: string,
    options: { isExtended?: boolean; resumeFrom?: Place | undefined } = {},
  ): this {
    const { resumeFrom, isExtended = resumeFrom !== undefined } = options
    const socket: RecordingSocket = new RecordingSocket((messages) => {
      if (socket === this.#socket) for (const message of messages) this.#apply(message)
    })
    this.#socket = socket
    this.isSynced = false
    const request = { documentName: name, url: `/${name}`, headers: {}, remoteAddress: undefined }
    server.accept(socket, request, isExtended)
    if (resumeFrom !== undefined) socket.receive(encodeResume(resumeFrom))
    socket.receive(encodeSyncStep1(Y.encodeStateVector(this.doc)))
    return this
  }

  type(text: string): this {
    const content = this.doc.getText('text')
    content.insert(content.length, text)
    return this
  }

  #apply(frame: Uint8Array): void {
    const message = decodeServerMessage(frame)
    switch (message.type) {
      case 'sync-step-1':
        this.socket.receive(encodeSyncStep2(Y.encodeStateAsUpdate(this.doc, message.stateVector)))
        break
      case 'sync-step-2':
        Y.applyUpdate(this.doc, message.update, this)
        this.isSynced = true
        break
      case 'update':
        Y.applyUpdate(this.doc, message.update, this)
        break
      case 'hello':
        this.#stand(message.epoch, undefined)
        break
      case 'position':
        this.#stand(message.epoch, message.position)
        break
      case 'acknowledge':
        this.#position = message.position
        break
      default:
        break
    }
  }

  #stand(epoch: Uint8Array, position: Uint8Array | undefined): void {
    if (epoch.byteLength > 0) this.#epoch = epoch
    if (position !== undefined) this.#position = position
  }
}
