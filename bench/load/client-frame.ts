import { Buffer } from 'node:buffer'

const opcodes = { binary: 0x2, close: 0x8, pong: 0xa } as const

/**
 * A message as a client's WebSocket frame (RFC 6455, section 5.2). The mask that a client has to
 * use is four zeros: the server undoes it at the same cost as any other, and frames can be made
 * before the run. A client that shares a network with strangers must not do this.
 */
export function binaryFrame(...parts: readonly Uint8Array[]): Buffer {
  return frame(opcodes.binary, parts)
}

export function pongFrame(payload: Uint8Array): Buffer {
  return frame(opcodes.pong, [payload])
}

export function closeFrame(code: number): Buffer {
  return frame(opcodes.close, [Uint8Array.of(code >> 8, code & 0xff)])
}

function frame(opcode: number, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const bytes = Buffer.alloc(header + 4 + length)
  bytes[0] = 0x80 | opcode
  if (header === 2) {
    bytes[1] = 0x80 | length
  } else if (header === 4) {
    bytes[1] = 0x80 | 126
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = 0x80 | 127
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  let position = header + 4
  for (const part of parts) {
    bytes.set(part, position)
    position += part.length
  }
  return bytes
}
