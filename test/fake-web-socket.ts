import * as Y from 'yjs'
import type { WebSocketConstructor, WebSocketLike } from '../client/web-globals.js'
import { decodeClientMessage, encodeSyncStep1, encodeSyncStep2 } from '../protocol/codec.js'
import { encodeAcknowledge, encodeHello } from '../protocol/extension-codec.js'
import type { ClientMessage, HelloMessage } from '../protocol/message.js'

/** The WebSockets that a provider opens where no network is; the test is the other side. */
export class FakeNetwork {
  readonly sockets: FakeWebSocket[] = []
  readonly WebSocket: WebSocketConstructor

  constructor() {
    const { sockets } = this
    this.WebSocket = class extends FakeWebSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    }
  }

  /** The one that was opened last. */
  get socket(): FakeWebSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error('no WebSocket was opened')
    return socket
  }
}

/** What a server says first where a test says nothing else. */
export const firstHello: Omit<HelloMessage, 'type'> = {
  connectionId: 'c',
  access: 'write',
  epoch: Uint8Array.from({ length: 16 }, (_, index) => index),
  position: Uint8Array.of(1),
  durability: 'fsync',
  maxUpdateBytes: 1_000_000,
  heartbeatMs: 20_000,
}

export class FakeWebSocket implements WebSocketLike {
  readonly url: string
  readonly protocols: readonly string[]
  readyState = 0
  protocol = ''
  binaryType = 'blob'
  onopen: WebSocketLike['onopen'] = null
  onmessage: WebSocketLike['onmessage'] = null
  onclose: WebSocketLike['onclose'] = null
  onerror: WebSocketLike['onerror'] = null
  /** The code that the client closed it with. */
  closedWith: number | undefined
  readonly #sent: Uint8Array[] = []

  constructor(url: string, protocols: string[] = []) {
    this.url = url
    this.protocols = protocols
  }

  send(data: Uint8Array): void {
    this.#sent.push(data.slice())
  }

  close(code?: number): void {
    this.readyState = 3
    this.closedWith = code
  }

  /** What the client has sent. */
  get messages(): readonly ClientMessage[] {
    return this.#sent.map(decodeClientMessage)
  }

  /** The messages of one type. */
  of<Type extends ClientMessage['type']>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<ClientMessage, { type: Type }> => message.type === type,
    )
  }

  /** The updates that the client has sent, as it counts its frames. */
  get updates(): readonly Uint8Array[] {
    return this.messages.flatMap((message) =>
      message.type === 'update' || message.type === 'sync-step-2' ? [message.update] : [],
    )
  }

  /** The server takes the connection. */
  accept(protocol = 'cairn.v1'): this {
    this.readyState = 1
    this.protocol = protocol
    this.onopen?.({})
    return this
  }

  receive(message: Uint8Array): this {
    this.onmessage?.({ data: Uint8Array.from(message).buffer })
    return this
  }

  receiveText(text: string): this {
    this.onmessage?.({ data: text })
    return this
  }

  /** The connection ends from elsewhere. */
  end(code = 1006, reason = ''): this {
    this.readyState = 3
    this.onclose?.({ code, reason })
    return this
  }

  /** Takes the connection as a Cairn server does. */
  greet(hello: Partial<HelloMessage> = {}): this {
    return this.accept().receive(encodeHello({ ...firstHello, ...hello }))
  }

  /** Answers the client, and asks it, as a server that has `doc`. */
  sync(doc: Y.Doc = new Y.Doc()): this {
    return this.receive(encodeSyncStep2(Y.encodeStateAsUpdate(doc))).receive(
      encodeSyncStep1(Y.encodeStateVector(doc)),
    )
  }

  acknowledge(count: number, position: Uint8Array = Uint8Array.of(1)): this {
    return this.receive(encodeAcknowledge({ count, position }))
  }
}
