import { Buffer } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Durability } from './document-store.js'

/**
 * The file `committed`: the number of the last batch that was reported durable, overwritten in
 * place without fsync after each batch. A killed process leaves it intact in the page cache. A
 * ledger that ends below it has lost a tail that was acknowledged.
 *
 * 16 bytes: format, durability (1 for fsync, 0 for os), 1 where the store was closed in order and 0
 * while it is open, a zero byte, the number (eight bytes, big-endian), CRC-32 of the twelve bytes
 * before.
 */
const witnessLength = 16
const witnessFormat = 1

export interface Witnessed {
  readonly batch: number
  readonly durability: Durability
  /** Whether the store was closed in order, with everything synced, and not opened since. */
  readonly isClosed: boolean
}

const witnessFileName = 'committed'

/** Undefined where the file is missing or is not what was written. */
export async function readWitness(directory: string): Promise<Witnessed | undefined> {
  const bytes = await readStart(join(directory, witnessFileName))
  if (bytes === undefined || bytes.length !== witnessLength) return undefined
  if (bytes[0] !== witnessFormat || crc32(bytes.subarray(0, 12)) !== bytes.readUInt32BE(12)) {
    return undefined
  }
  return {
    batch: Number(bytes.readBigUInt64BE(4)),
    durability: bytes[1] === 1 ? 'fsync' : 'os',
    isClosed: bytes[2] === 1,
  }
}

async function readStart(path: string): Promise<Buffer | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(witnessLength + 1), 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Writes the witness; at most one write at a time, and the latest number wins. */
export class CommittedWitness {
  readonly #file: FileHandle
  readonly #durability: Durability
  #wanted: number
  #written: number
  #writing: Promise<void> | undefined

  private constructor(file: FileHandle, durability: Durability, batch: number) {
    this.#file = file
    this.#durability = durability
    this.#wanted = batch
    this.#written = batch
  }

  /** Creates or takes over the file with `batch` in it, and forces that to the disk once. */
  static async open(
    directory: string,
    durability: Durability,
    batch: number,
  ): Promise<CommittedWitness> {
    const path = join(directory, witnessFileName)
    const file = await open(path, 'r+').catch(() => open(path, 'w+'))
    try {
      await file.truncate(witnessLength)
      await file.write(encodeWitness({ batch, durability, isClosed: false }), 0, witnessLength, 0)
      await file.sync()
    } catch (error) {
      await file.close()
      throw error
    }
    return new CommittedWitness(file, durability, batch)
  }

  /** Notes that everything through `batch` is durable. */
  note(batch: number): void {
    this.#wanted = batch
    this.#writing ??= this.#write()
  }

  /**
   * Writes what is still owed, then closes the file.
   * @param last the last batch, where all of them are synced; undefined where that is not certain
   */
  async close(last: number | undefined): Promise<void> {
    await this.#writing
    // Where it fails, the store counts as one that was killed, which it may as well have been.
    if (last !== undefined) await this.#put(last, true).catch(() => undefined)
    await this.#file.close()
  }

  async #put(batch: number, isClosed: boolean): Promise<void> {
    const bytes = encodeWitness({ batch, durability: this.#durability, isClosed })
    await this.#file.write(bytes, 0, witnessLength, 0)
  }

  async #write(): Promise<void> {
    while (this.#written !== this.#wanted) {
      const batch = this.#wanted
      try {
        await this.#put(batch, false)
      } catch {
        // A witness that lags behind proves less, but nothing false; the next batch tries again.
        break
      }
      this.#written = batch
    }
    this.#writing = undefined
  }
}

function encodeWitness({ batch, durability, isClosed }: Witnessed): Buffer {
  const bytes = Buffer.alloc(witnessLength)
  bytes[0] = witnessFormat
  bytes[1] = durability === 'fsync' ? 1 : 0
  bytes[2] = isClosed ? 1 : 0
  bytes.writeBigUInt64BE(BigInt(batch), 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 12)), 12)
  return bytes
}
