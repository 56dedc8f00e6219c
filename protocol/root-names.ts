/** Slots of the cache; names beyond it are decoded again each time. */
const SLOTS = 64
/** Longer names are not kept between updates. */
const MAX_CACHED_BYTES = 128
const NO_NAMES: readonly string[] = Object.freeze([])

interface CachedName {
  readonly bytes: Uint8Array
  readonly name: string
  /** The update in which it was seen last. */
  update: number
}

/**
 * Collects the names of root types in one update, each once. Documents have few root types and name
 * them over and over, so a small cache by bytes spares the decoding.
 */
export class RootNames {
  readonly #slots = Array.from<CachedName | undefined>({ length: SLOTS })
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #seen = new Set<string>()
  #update = 0

  /** Starts another update. */
  clear(): void {
    this.#update++
    if (this.#seen.size > 0) this.#seen.clear()
  }

  /** The names so far; may be kept. */
  toArray(): readonly string[] {
    return this.#seen.size === 0 ? NO_NAMES : [...this.#seen]
  }

  /**
   * Notes the name in bytes [start, end).
   * @returns false where that is not valid UTF-8
   */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const slot = hash(bytes, start, end) % SLOTS
    let cached = this.#slots[slot]
    if (cached === undefined || !isSame(cached.bytes, bytes, start, end)) {
      const name = this.#decode(bytes.subarray(start, end))
      if (name === undefined) return false
      cached = { bytes: Uint8Array.from(bytes.subarray(start, end)), name, update: -1 }
      if (cached.bytes.length <= MAX_CACHED_BYTES) this.#slots[slot] = cached
    }
    if (cached.update === this.#update) return true
    cached.update = this.#update
    this.#seen.add(cached.name)
    return true
  }

  #decode(bytes: Uint8Array): string | undefined {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
}

/** FNV-1a; a collision only costs decoding a name again. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5
  for (let position = start; position < end; position++) {
    value = Math.imul(value ^ (bytes[position] as number), 0x01000193)
  }
  return value >>> 0
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let index = 0; index < known.length; index++) {
    if (known[index] !== bytes[start + index]) return false
  }
  return true
}
