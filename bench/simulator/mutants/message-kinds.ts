import { decodeClientMessage } from '../../../protocol/codec.js'

/** The kinds of messages by their first bytes: see docs/PROTOCOL.md. */

export function isStep1(message: Uint8Array): boolean {
  return message[0] === 0 && message[1] === 0
}

export function isStep2(message: Uint8Array): boolean {
  return message[0] === 0 && message[1] === 1
}

/** Whether a client's message has a number by which the server acknowledges it. */
export function isCounted(message: Uint8Array): boolean {
  return isStep2(message) || isUpdate(message)
}

export function isUpdate(message: Uint8Array): boolean {
  return message[0] === 0 && message[1] === 2
}

/** The update in an update message; undefined for other messages, and for what cannot be read. */
export function updateIn(message: Uint8Array): Uint8Array | undefined {
  if (!isUpdate(message)) return undefined
  try {
    const decoded = decodeClientMessage(message)
    return decoded.type === 'update' ? decoded.update : undefined
  } catch {
    // The server will say what is wrong with it.
    return undefined
  }
}
