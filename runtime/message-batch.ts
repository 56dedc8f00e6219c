/**
 * Whole messages that leave together in one write. The same batch goes to many connections, so what
 * a transport makes of it (WebSocket frames, event-stream text) is made once and kept here.
 */
export class MessageBatch {
  readonly messages: readonly Uint8Array[]
  readonly byteLength: number
  #encoder: Encoder | undefined
  #encoded: Uint8Array | undefined

  constructor(messages: readonly Uint8Array[]) {
    this.messages = messages
    let byteLength = 0
    for (const message of messages) byteLength += message.byteLength
    this.byteLength = byteLength
  }

  /** What `encode` makes of the messages; computed on the first call with that function. */
  encodedBy(encode: Encoder): Uint8Array {
    if (this.#encoded === undefined || this.#encoder !== encode) {
      this.#encoded = encode(this.messages)
      this.#encoder = encode
    }
    return this.#encoded
  }
}

export type Encoder = (messages: readonly Uint8Array[]) => Uint8Array
