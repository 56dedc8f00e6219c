/** What comes in: pieces of `bytes`, valid during the call. */
export interface FrameHandlers {
  message(bytes: Uint8Array, start: number, end: number): void
  ping(payload: Uint8Array): void
  /** @param code 1005 where the other side gave none */
  close(code: number): void
}

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/**
 * Reads what a WebSocket server sends (RFC 6455, section 5), as little as a load client needs: whole
 * binary messages, pings and closes. It copies only what a chunk cuts in two.
 */
export class WebSocketReader {
  readonly #handlers: FrameHandlers
  /** The begin of a frame whose end has not come. */
  #rest: Uint8Array | undefined

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers
  }

  /** @throws Error for fragments, text and masks, which none of the servers under test sends */
  push(chunk: Uint8Array): void {
    const bytes = this.#rest === undefined ? chunk : joined(this.#rest, chunk)
    let position = 0
    for (;;) {
      const length = this.#readFrame(bytes, position)
      if (length === 0) break
      position += length
    }
    this.#rest = position === bytes.length ? undefined : bytes.slice(position)
  }

  /** Returns the length of the frame at `position`, or 0 where it has not come whole. */
  #readFrame(bytes: Uint8Array, position: number): number {
    const available = bytes.length - position
    if (available < 2) return 0
    const first = bytes[position] as number
    const second = bytes[position + 1] as number
    if ((first & 0xf0) !== 0x80 || second >= 0x80) {
      throw new Error(
        `expected whole frames without a mask, got one that begins ${first} ${second}`,
      )
    }
    let header = 2
    let length = second
    if (second === 126) {
      header = 4
      if (available < header) return 0
      length = ((bytes[position + 2] as number) << 8) | (bytes[position + 3] as number)
    } else if (second === 127) {
      header = 10
      if (available < header) return 0
      length = readLength(bytes, position + 2)
    }
    if (available < header + length) return 0
    const start = position + header
    this.#handle(first & 0x0f, bytes, start, start + length)
    return header + length
  }

  #handle(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    switch (opcode) {
      case opcodes.binary:
        this.#handlers.message(bytes, start, end)
        break
      case opcodes.close: {
        const hasCode = end - start >= 2
        const code = ((bytes[start] as number) << 8) | (bytes[start + 1] as number)
        this.#handlers.close(hasCode ? code : 1005)
        break
      }
      case opcodes.ping:
        this.#handlers.ping(bytes.subarray(start, end))
        break
      case opcodes.pong:
        break
      default:
        throw new Error(`expected a binary message, got a frame of opcode ${opcode}`)
    }
  }
}

function readLength(bytes: Uint8Array, position: number): number {
  let length = 0
  for (let index = 0; index < 8; index++)
    length = length * 256 + (bytes[position + index] as number)
  return length
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}
