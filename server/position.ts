/** A place in a document's log as clients carry it: opaque to them, read by this server only. */
export function positionOf(sequence: number): Uint8Array {
  const position = new Uint8Array(8)
  new DataView(position.buffer).setBigUint64(0, BigInt(sequence))
  return position
}
