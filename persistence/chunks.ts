import { Buffer } from 'node:buffer'
import { CairnError } from '../protocol/errors.js'
import { maxChunks } from './level-keys.js'
import type { LevelOperation } from './level-port.js'
import { seal, unseal } from './sealed-value.js'

/** The most bytes of a body under one key; larger values stall LevelDB for everybody. */
export const chunkBytes = 1024 * 1024

/**
 * Cuts `bytes` into sealed values of at most 1 MiB each. The body of the first starts with the
 * number of chunks, in two bytes. Each is made when it is asked for.
 * @throws TOO_LARGE beyond 65,535 chunks
 */
export function* splitChunks(
  bytes: Uint8Array,
  keyOf: (chunk: number) => Uint8Array,
): Iterable<LevelOperation> {
  const count = Math.max(1, Math.ceil((bytes.length + 2) / chunkBytes))
  if (count >= maxChunks) {
    throw new CairnError('TOO_LARGE', `${bytes.length} bytes do not fit into ${maxChunks} chunks`)
  }
  let offset = 0
  for (let chunk = 0; chunk < count; chunk++) {
    const room = chunk === 0 ? chunkBytes - 2 : chunkBytes
    const part = bytes.subarray(offset, offset + room)
    offset += room
    const key = keyOf(chunk)
    const body = chunk === 0 ? Buffer.concat([countPrefix(count), part]) : part
    yield { type: 'put', key, value: seal(key, body) }
  }
}

function countPrefix(count: number): Buffer {
  const prefix = Buffer.allocUnsafe(2)
  prefix.writeUInt16BE(count, 0)
  return prefix
}

/** Takes the chunks of one value in order and gives the value back with the last of them. */
export class ChunkJoiner {
  #parts: Buffer[] = []
  #count = 0

  /** How many chunks were taken of a value that is not whole yet. */
  get taken(): number {
    return this.#parts.length
  }

  /**
   * The whole value once `value` was its last chunk.
   * @throws DamagedValue on a bad checksum; the value begun is forgotten
   */
  take(key: Uint8Array, value: Uint8Array): Buffer | undefined {
    let body: Buffer
    try {
      body = unseal(key, value)
    } catch (error) {
      this.forget()
      throw error
    }
    if (this.#parts.length === 0) {
      this.#count = body.length < 2 ? 0 : body.readUInt16BE(0)
      body = body.subarray(2)
      if (this.#count === 1) return body
    }
    this.#parts.push(body)
    if (this.#parts.length < this.#count) return undefined
    const whole = Buffer.concat(this.#parts)
    this.forget()
    return whole
  }

  forget(): void {
    this.#parts = []
    this.#count = 0
  }
}
