import { CairnError, type ErrorCode } from './errors.js'
import { protocolLimits } from './limits.js'

const MAX_VARINT_BYTES = protocolLimits.varintBytes.value
const NO_BYTES = new Uint8Array(0)
// ignoreBOM keeps a leading U+FEFF in the text, as lib0 does.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads lib0's encoding (https://github.com/dmonad/lib0, decoding.js) from untrusted bytes. Unlike
 * lib0 it never reads past the end, and no varint is longer than 8 bytes or above 2^53 - 1.
 *
 * Every failure is a `CairnError` with the code given to the constructor and one of the rules
 * `truncated`, `varint`, `count`, `utf8`, `trailing-bytes`.
 */
export class ByteReader {
  bytes: Uint8Array
  /** Offset of the next byte. */
  position = 0
  readonly #code: ErrorCode

  constructor(code: ErrorCode, bytes: Uint8Array = NO_BYTES) {
    this.#code = code
    this.bytes = bytes
  }

  /** Starts over with other bytes, so that one reader serves many messages. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes
    this.position = 0
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.bytes.length - this.position
  }

  readByte(): number {
    if (this.position >= this.bytes.length) this.#failTruncated(1)
    return this.bytes[this.position++] as number
  }

  /** Unsigned LEB128. Longer encodings than needed are read as well, since lib0 reads them. */
  readVarUint(): number {
    const position = this.position
    if (position >= this.bytes.length) this.#failTruncated(1)
    const byte = this.bytes[position] as number
    if (byte >= 0x80) return this.#readLongVarUint(byte & 0x7f, 128)
    this.position = position + 1
    return byte
  }

  /** Passes over a signed varint: one sign bit and six value bits first, then seven a byte. */
  skipVarInt(): void {
    const byte = this.readByte()
    if (byte < 0x80) return
    this.position--
    this.#readLongVarUint(byte & 0x3f, 64)
  }

  /**
   * `position` stands on the first byte, whose value bits are `low`; the next byte counts `scale`.
   */
  #readLongVarUint(low: number, scale: number): number {
    const start = this.position
    const bytes = this.bytes
    const end = Math.min(bytes.length, start + MAX_VARINT_BYTES)
    let value = low
    let factor = scale
    for (let position = start + 1; position < end; position++) {
      const byte = bytes[position] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        this.position = position + 1
        return value
      }
      factor *= 128
    }
    if (end < start + MAX_VARINT_BYTES) this.#failTruncated(end - start + 1)
    return this.fail('varint', 'expected a varint of at most 8 bytes and 2^53 - 1')
  }

  /**
   * A count of things that take at least `bytesEach` bytes, so that it is bounded by what is left.
   */
  readCount(bytesEach: number): number {
    const start = this.position
    const count = this.readVarUint()
    if (count * bytesEach > this.remaining) {
      this.position = start
      this.fail('count', `expected at most as many as ${this.remaining} bytes hold, got ${count}`)
    }
    return count
  }

  /** A length in bytes, and then that many bytes must follow. */
  readByteLength(): number {
    const length = this.readVarUint()
    if (length > this.bytes.length - this.position) this.#failTruncated(length)
    return length
  }

  skipBytes(count: number): void {
    if (count > this.remaining) this.#failTruncated(count)
    this.position += count
  }

  /** A length and so many bytes, as a view of what is read; not a copy. */
  readVarBytes(): Uint8Array {
    const length = this.readByteLength()
    const start = this.position
    this.position = start + length
    return this.bytes.subarray(start, this.position)
  }

  /** A length and so many bytes of strict UTF-8. */
  readVarString(): string {
    const start = this.position
    const bytes = this.readVarBytes()
    try {
      return strictUtf8.decode(bytes)
    } catch (error) {
      this.position = start
      return this.fail('utf8', 'expected a string of valid UTF-8', error)
    }
  }

  expectEnd(): void {
    if (this.position === this.bytes.length) return
    this.fail('trailing-bytes', `expected the end, got ${this.remaining} bytes more`)
  }

  /** Throws for what stands at `position`. */
  fail(rule: string, expectation: string, cause?: unknown): never {
    const message = `at byte ${this.position} of ${this.bytes.length}: ${expectation}`
    throw new CairnError(this.#code, message, { rule, cause })
  }

  /** Throws for something well-formed of which there is too much. */
  failLimit(rule: string, expectation: string): never {
    throw new CairnError('LIMIT_REACHED', `expected ${expectation}`, { rule })
  }

  #failTruncated(needed: number): never {
    this.fail('truncated', `expected ${needed} bytes more, got ${this.remaining}`)
  }
}
