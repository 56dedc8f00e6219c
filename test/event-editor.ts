import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { eventStreamTransport, type Fetch } from '../client/event-stream-transport.js'
import type { Transport, TransportClose } from '../client/transport.js'
import {
  decodeServerMessage,
  encodeAwareness,
  encodeSyncStep1,
  encodeSyncStep2,
  encodeUpdate,
} from '../protocol/codec.js'
import type { ServerMessage } from '../protocol/message.js'
import { webEnvironment } from '../runtime/web-environment.js'
import { TextClient } from './text-client.js'

export interface EventEditorOptions {
  readonly doc?: Y.Doc
  readonly params?: Record<string, string>
  readonly token?: string
  readonly state?: Record<string, unknown>
  readonly fetch?: Fetch
}

/** A Y.Doc and an `Awareness` over the client's own event stream transport: one connection, once. */
export class EventEditor extends TextClient {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly messages: ServerMessage[] = []
  readonly transport: Transport
  /** What each of its handlers was called with, in order. */
  readonly calls: string[] = []
  isSynced = false
  closed: TransportClose | undefined

  constructor(serverUrl: string, documentName: string, options: EventEditorOptions = {}) {
    super()
    const { doc = new Y.Doc(), params = {}, token, state, fetch } = options
    this.doc = doc
    this.awareness = new Awareness(doc)
    this.awareness.setLocalState(state ?? null)
    const request = { serverUrl, documentName, params, token, environment: webEnvironment }
    this.transport = eventStreamTransport({ fetch })(request, {
      onOpen: (isExtended) => {
        this.calls.push(`open ${isExtended}`)
        this.#begin()
      },
      onMessage: (message) => this.#receive(message),
      onError: () => this.calls.push('error'),
      onClose: (close) => {
        this.calls.push(`close ${close.code}`)
        this.closed = close
        this.announce()
      },
    })
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.transport.send(encodeUpdate(update))
      this.announce()
    })
    this.awareness.on('change', () => this.announce())
  }

  /** How many of its update-carrying frames are settled. */
  get acknowledged(): number {
    let count = 0
    for (const message of this.messages) if (message.type === 'acknowledge') count = message.count
    return count
  }

  async online(): Promise<this> {
    await this.until('the editor is synced', () => this.isSynced)
    return this
  }

  async ended(): Promise<TransportClose> {
    await this.until('the transport has ended', () => this.closed !== undefined)
    if (this.closed === undefined) throw new Error('the transport has not ended')
    return this.closed
  }

  destroy(code = 1000): void {
    this.transport.close(code)
    this.awareness.destroy()
    this.doc.destroy()
  }

  #begin(): void {
    this.transport.send(encodeSyncStep1(Y.encodeStateVector(this.doc)))
    if (this.awareness.getLocalState() !== null) {
      const update = encodeAwarenessUpdate(this.awareness, [this.doc.clientID])
      this.transport.send(encodeAwareness(update))
    }
    this.announce()
  }

  #receive(bytes: Uint8Array): void {
    const message = decodeServerMessage(bytes)
    this.messages.push(message)
    switch (message.type) {
      case 'sync-step-1':
        this.transport.send(encodeSyncStep2(Y.encodeStateAsUpdate(this.doc, message.stateVector)))
        break
      case 'sync-step-2':
        Y.applyUpdate(this.doc, message.update, this)
        this.isSynced = true
        break
      case 'update':
        Y.applyUpdate(this.doc, message.update, this)
        break
      case 'awareness':
        applyAwarenessUpdate(this.awareness, message.awareness, this)
        break
      default:
        break
    }
    this.announce()
  }
}
