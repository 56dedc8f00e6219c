/** What comes in: pieces of `bytes`, valid during the call. */
export interface FrameHandlers {
  message(bytes: Uint8Array, start: number, end: number): void
  ping(payload: Uint8Array): void
  /** @param code 1005 where the other side gave none */
  close(code: number): void
}

const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Above this the buffer of a large frame is not kept for the next. */
const keptBytes = 1_048_576

/**
 * Reads what a WebSocket server sends (RFC 6455, section 5), as little as a load client needs: whole
 * binary messages, pings and closes. It copies only what a chunk cuts in two, and that once.
 */
export class WebSocketReader {
  readonly #handlers: FrameHandlers
  /** Begins with a frame whose end has not come, as far as `#restLength`. */
  #rest: Uint8Array = new Uint8Array(0)
  #restLength = 0
  /** Bytes of that frame, as far as its header tells. */
  #needed = 0

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers
  }

  /** @throws Error for fragments, text and masks, which none of the servers under test sends */
  push(chunk: Uint8Array): void {
    if (this.#restLength === 0) {
      const used = this.#readFrames(chunk)
      if (used < chunk.length) this.#append(chunk.subarray(used))
      return
    }
    this.#append(chunk)
    if (this.#restLength < this.#needed) return
    const used = this.#readFrames(this.#rest.subarray(0, this.#restLength))
    if (used === 0) return
    const left = this.#rest.subarray(used, this.#restLength)
    if (this.#rest.length > keptBytes) this.#rest = new Uint8Array(0)
    this.#restLength = 0
    this.#append(left)
  }

  #append(bytes: Uint8Array): void {
    const length = this.#restLength + bytes.length
    if (length > this.#rest.length) {
      const before = this.#rest.subarray(0, this.#restLength)
      this.#rest = new Uint8Array(Math.max(length, this.#needed, 2 * before.length))
      this.#rest.set(before)
    }
    this.#rest.set(bytes, this.#restLength)
    this.#restLength = length
  }

  /** Returns how many bytes were whole frames. */
  #readFrames(bytes: Uint8Array): number {
    let position = 0
    for (;;) {
      const length = this.#readFrame(bytes, position)
      if (length === 0) return position
      position += length
    }
  }

  /** Returns the length of the frame at `position`, or 0 and what it needs where it is not whole. */
  #readFrame(bytes: Uint8Array, position: number): number {
    const available = bytes.length - position
    this.#needed = 0
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
    if (available < header + length) {
      this.#needed = header + length
      return 0
    }
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
