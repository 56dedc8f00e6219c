import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { protocolLimits } from './limits.js'

const MAX_CLOCK = protocolLimits.clock.value

/**
 * Reads `Y.encodeStateVector` form: client -> end of the contiguous clocks known.
 * @param maxClients more than so many are refused
 * @throws MALFORMED_STATE_VECTOR also for no bytes at all, and for a client that comes twice
 */
export function decodeStateVector(
  bytes: Uint8Array,
  maxClients: number = protocolLimits.stateVectorClients.value,
): Map<number, number> {
  const reader = new ByteReader('MALFORMED_STATE_VECTOR', bytes)
  const count = reader.readCount(2)
  if (count > maxClients) {
    reader.fail('count', `expected at most ${maxClients} clients, got ${count}`)
  }
  const stateVector = new Map<number, number>()
  for (let index = 0; index < count; index++) {
    const client = reader.readVarUint()
    const clock = reader.readVarUint()
    if (clock > MAX_CLOCK) reader.fail('clock', `expected a clock of at most 2^48, got ${clock}`)
    stateVector.set(client, clock)
  }
  reader.expectEnd()
  if (stateVector.size !== count) reader.fail('count', 'expected every client once')
  return stateVector
}

/** The bytes that `Y.encodeStateVector` writes: clients in descending order. */
export function encodeStateVector(stateVector: ReadonlyMap<number, number>): Uint8Array {
  const clients = Float64Array.from(stateVector.keys()).sort()
  const writer = new ByteWriter(4 + clients.length * 8)
  writer.writeVarUint(clients.length)
  for (let index = clients.length - 1; index >= 0; index--) {
    const client = clients[index] ?? 0
    writer.writeVarUint(client)
    writer.writeVarUint(stateVector.get(client) ?? 0)
  }
  return writer.finish()
}
