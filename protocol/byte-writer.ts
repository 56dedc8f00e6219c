const utf8 = new TextEncoder()

/** How many bytes `writeVarUint` takes for `value`, an integer of 0 to 2^53 - 1. */
export function varUintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/**
 * Writes lib0's encoding (https://github.com/dmonad/lib0, encoding.js). With the right capacity
 * from the start it allocates one Uint8Array, which `finish` hands out.
 */
export class ByteWriter {
  #bytes: Uint8Array
  #position = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  writeByte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#position++] = value
  }

  /** `value` is an integer of 0 to 2^53 - 1. */
  writeVarUint(value: number): void {
    this.#reserve(value < 128 ? 1 : varUintLength(value))
    const bytes = this.#bytes
    let rest = value
    // Above 31 bits the bit operators would cut.
    while (rest > 0x7fffffff) {
      bytes[this.#position++] = 0x80 | (rest % 128)
      rest = Math.floor(rest / 128)
    }
    while (rest >= 128) {
      bytes[this.#position++] = 0x80 | (rest & 0x7f)
      rest >>>= 7
    }
    bytes[this.#position++] = rest
  }

  writeBytes(source: Uint8Array): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.#position)
    this.#position += source.length
  }

  writeVarBytes(source: Uint8Array): void {
    this.writeVarUint(source.length)
    this.writeBytes(source)
  }

  /** Lone surrogates become U+FFFD, as in lib0. */
  writeVarString(text: string): void {
    this.writeVarBytes(utf8.encode(text))
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Uint8Array {
    if (this.#position === this.#bytes.length) return this.#bytes
    return this.#bytes.slice(0, this.#position)
  }

  #reserve(count: number): void {
    const needed = this.#position + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#position))
    this.#bytes = grown
  }
}
