/**
 * Binary messages as unmasked WebSocket frames, end to end in one buffer (RFC 6455 section 5.2), so
 * that any number of them leaves in one write and the same buffer serves every connection.
 */
export function webSocketFrames(messages: readonly Uint8Array[]): Uint8Array {
  let byteLength = 0
  for (const message of messages)
    byteLength += headerLength(message.byteLength) + message.byteLength
  const frames = Buffer.allocUnsafe(byteLength)
  let offset = 0
  for (const message of messages) {
    offset = writeHeader(frames, offset, message.byteLength)
    frames.set(message, offset)
    offset += message.byteLength
  }
  return frames
}

const finalBinaryFrame = 0x82

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
