/** A state vector: client id to the end of the contiguous clocks known. */
export type KnownClocks = ReadonlyMap<number, number>

export function covers(known: KnownClocks, needed: KnownClocks): boolean {
  for (const [client, end] of needed) if ((known.get(client) ?? 0) < end) return false
  return true
}

export function overlaps(known: KnownClocks, other: KnownClocks): boolean {
  for (const client of known.keys()) if (other.has(client)) return true
  return false
}

/** Whether something of `sections` is not known: client, first clock, end clock; for each. */
export function lacks(known: KnownClocks, sections: readonly number[]): boolean {
  for (let i = 0; i + 2 < sections.length; i += 3) {
    if ((known.get(sections[i] ?? 0) ?? 0) < (sections[i + 2] ?? 0)) return true
  }
  return false
}
