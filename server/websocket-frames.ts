import type { Pieces } from './piece-writer.js'

/**
 * Binary messages as unmasked WebSocket frames, end to end in one buffer (RFC 6455 section 5.2), so
 * that any number of them leaves in one write and the same buffer serves every connection.
 */
export function webSocketFrames(messages: readonly Uint8Array[]): Uint8Array {
  const frames = Buffer.allocUnsafe(lengthOf(messages))
  let offset = 0
  for (const message of messages) {
    offset = writeHeader(frames, offset, message.byteLength)
    frames.set(message, offset)
    offset += message.byteLength
  }
  return frames
}

/** The same frames in pieces of about `size` bytes; of large messages the pieces are views. */
export function webSocketPieces(messages: readonly Uint8Array[], size: number): Pieces {
  return { byteLength: lengthOf(messages), pieces: piecesOf(messages, size) }
}

function* piecesOf(
  messages: readonly Uint8Array[],
  size: number,
): Generator<Uint8Array, undefined> {
  let together: Uint8Array[] = []
  let bytes = 0
  for (const message of messages) {
    if (together.length > 0 && bytes + message.byteLength > size) {
      yield webSocketFrames(together)
      together = []
      bytes = 0
    }
    if (message.byteLength <= size) {
      together.push(message)
      bytes += message.byteLength
    } else {
      yield* piecesOfLarge(message, size)
    }
  }
  if (together.length > 0) yield webSocketFrames(together)
}

function* piecesOfLarge(message: Uint8Array, size: number): Generator<Uint8Array, undefined> {
  const header = Buffer.allocUnsafe(headerLength(message.byteLength))
  writeHeader(header, 0, message.byteLength)
  yield header
  for (let start = 0; start < message.byteLength; start += size) {
    yield message.subarray(start, start + size)
  }
}

const finalBinaryFrame = 0x82

function lengthOf(messages: readonly Uint8Array[]): number {
  let length = 0
  for (const { byteLength } of messages) length += headerLength(byteLength) + byteLength
  return length
}

function headerLength(payload: number): number {
  if (payload < 126) return 2
  return payload < 65_536 ? 4 : 10
}

function writeHeader(frames: Buffer, offset: number, payload: number): number {
  frames[offset] = finalBinaryFrame
  if (payload < 126) {
    frames[offset + 1] = payload
    return offset + 2
  }
  if (payload < 65_536) {
    frames[offset + 1] = 126
    return frames.writeUInt16BE(payload, offset + 2)
  }
  frames[offset + 1] = 127
  return frames.writeBigUInt64BE(BigInt(payload), offset + 2)
}
