import { asBuffer } from './level-keys.js'

/**
 * The epoch that the outside sees: the stored one with the store's generation mixed into its last
 * four bytes. The generation grows whenever acknowledged records may have been lost, so that a
 * client never takes a sequence of before for the one of after. Its own inverse.
 */
export function mixGeneration(epoch: Uint8Array, generation: number): Uint8Array {
  const mixed = new Uint8Array(epoch)
  const bytes = asBuffer(mixed)
  const offset = bytes.length - 4
  bytes.writeUInt32BE((bytes.readUInt32BE(offset) ^ generation) >>> 0, offset)
  return mixed
}
