import { ByteWriter } from '../protocol/byte-writer.js'

/** An update of one struct without content: clocks [from, to) of `client`. */
export function clocksUpdate(client: number, from: number, to: number): Uint8Array {
  return bytes([1, 1, client, from, 0, to - from, 0])
}

/** An update that deletes these clocks of `client`, each alone, in this order. */
export function deletesUpdate(client: number, clocks: readonly number[]): Uint8Array {
  return bytes([0, 1, client, clocks.length, ...clocks.flatMap((clock) => [clock, 1])])
}

/** An update that deletes the first clock of each of these clients. */
export function deletesOfClients(clients: readonly number[]): Uint8Array {
  return bytes([0, clients.length, ...clients.flatMap((client) => [client, 1, 0, 1])])
}

/** Every other clock from `from` on, `count` of them, lowest first. */
export function everyOther(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + 2 * index)
}

function bytes(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter(values.length)
  for (const value of values) writer.writeVarUint(value)
  return writer.finish()
}
