import type { ByteReader } from './byte-reader.js'
import { protocolLimits } from './limits.js'

const MAX_CLOCK = protocolLimits.clock.value

/**
 * Reads a v1 delete set (Yjs 13, DeleteSet.js, `readDeleteSet`) and hands out its ranges [from, to)
 * as they stand: Yjs itself writes them ordered and apart, but reads them in any order.
 * The reader is left after the delete set.
 * @param maxRanges beyond, LIMIT_REACHED is thrown
 * @param isKnown of which ranges nothing is to be said; they do not count
 */
export function readDeleteSet(
  reader: ByteReader,
  onRange: (client: number, from: number, to: number) => void,
  maxRanges = Number.POSITIVE_INFINITY,
  isKnown?: (client: number, from: number, to: number) => boolean,
): void {
  const clients = reader.readCount(2)
  let total = 0
  for (let left = clients; left > 0; left--) {
    const client = reader.readVarUint()
    const ranges = reader.readCount(2)
    for (let range = 0; range < ranges; range++) {
      const from = reader.readVarUint()
      const length = reader.readVarUint()
      if (length === 0) reader.fail('length', 'expected a delete range that is not empty')
      if (from + length > MAX_CLOCK) {
        reader.fail('clock', `expected clocks of at most 2^48, got ${from} and ${length} more`)
      }
      if (isKnown?.(client, from, from + length)) continue
      if (++total > maxRanges) {
        reader.failLimit('delete-ranges', `at most ${maxRanges} delete ranges`)
      }
      onRange(client, from, from + length)
    }
  }
}
