import { createDecoder, type Decoder, readVarUint } from 'lib0/decoding'
import { createEncoder, type Encoder, length, toUint8Array } from 'lib0/encoding'

/**
 * Takes a message of a type of one's own, as in y-websocket: what is left of it is in `decoder`, what
 * is written into `encoder` is sent as the answer.
 */
export type MessageHandler<Provider> = (
  encoder: Encoder,
  decoder: Decoder,
  provider: Provider,
  emitSynced: boolean,
  messageType: number,
) => void

/** @returns the answer to send, or undefined where there is none */
export function handleUnknown<Provider>(
  handlers: readonly (MessageHandler<Provider> | undefined)[],
  provider: Provider,
  messageType: number,
  frame: Uint8Array,
): Uint8Array | undefined {
  const handler = handlers[messageType]
  if (handler === undefined) return undefined
  const decoder = createDecoder(frame)
  readVarUint(decoder)
  const encoder = createEncoder()
  handler(encoder, decoder, provider, true, messageType)
  return length(encoder) > 0 ? toUint8Array(encoder) : undefined
}
