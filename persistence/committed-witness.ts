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
 * 16 bytes: format, durability (1 for fsync, 0 for os), two zero bytes, the number (eight bytes,
 * big-endian), CRC-32 of the twelve bytes before.
 */
const witnessLength = 16
const witnessFormat = 1

export interface Witnessed {
  readonly batch: number
  readonly durability: Durability
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
      await file.write(encodeWitness(batch, durability), 0, witnessLength, 0)
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

  /** Writes what is still owed, then closes the file. */
  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  async #write(): Promise<void> {
    while (this.#written !== this.#wanted) {
      const batch = this.#wanted
      try {
        await this.#file.write(encodeWitness(batch, this.#durability), 0, witnessLength, 0)
      } catch {
        // A witness that lags behind proves less, but nothing false; the next batch tries again.
        break
      }
      this.#written = batch
    }
    this.#writing = undefined
  }
}

function encodeWitness(batch: number, durability: Durability): Buffer {
  const bytes = Buffer.alloc(witnessLength)
  bytes[0] = witnessFormat
  bytes[1] = durability === 'fsync' ? 1 : 0
  bytes.writeBigUInt64BE(BigInt(batch), 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 12)), 12)
  return bytes
}
