import type { Writable } from 'node:stream'

/**
 * What is larger leaves in pieces of this size, each made when the one before has gone: what a slow
 * reader waits for costs no memory of its own, and its progress can be seen.
 */
export const pieceBytes = 262_144

/** Bytes that are made piece by piece, `byteLength` of them. */
export interface Pieces {
  readonly byteLength: number
  readonly pieces: Iterator<Uint8Array>
}

/** Writes to a stream in order and knows what of it still waits in this process. */
export class PieceWriter {
  readonly #stream: Pick<Writable, 'write' | 'writableLength'>
  readonly #onDrain: () => void
  #queue: Iterator<Uint8Array>[] = []
  #waitingBytes = 0
  #drainAwaited = false
  #isStopped = false

  /** @param onDrain follows each `awaitDrain`, once nothing waits any more */
  constructor(stream: Pick<Writable, 'write' | 'writableLength'>, onDrain: () => void) {
    this.#stream = stream
    this.#onDrain = onDrain
  }

  /** False while something has not been written whole: nothing may be put behind it yet. */
  get isBetweenWrites(): boolean {
    return this.#waitingBytes === 0
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#stream.writableLength
  }

  write(bytes: Uint8Array): void {
    if (this.#waitingBytes === 0) this.#stream.write(bytes)
    else this.writePieces({ byteLength: bytes.byteLength, pieces: [bytes].values() })
  }

  writePieces({ byteLength, pieces }: Pieces): void {
    const wasIdle = this.#waitingBytes === 0
    this.#queue.push(pieces)
    this.#waitingBytes += byteLength
    if (wasIdle) this.#writeNextPiece()
  }

  awaitDrain(): void {
    if (this.#drainAwaited) return
    this.#drainAwaited = true
    // An empty write is called back when everything before it has gone; 'drain' is only emitted
    // above the high-water mark. A stream that is gone or ended calls back with an error, at once and
    // each time: what follows then is its close.
    if (this.#waitingBytes > 0) return
    this.#stream.write('', (error) => {
      if (error === null || error === undefined) this.#onEmpty()
    })
  }

  /** Nothing is written or told any more. */
  stop(): void {
    this.#isStopped = true
    this.#queue = []
    this.#waitingBytes = 0
  }

  #writeNextPiece(): void {
    const piece = this.#takePiece()
    if (piece === undefined) return
    this.#stream.write(piece, (error) => {
      if (this.#isStopped || (error !== null && error !== undefined)) return
      this.#waitingBytes -= piece.byteLength
      if (this.#waitingBytes > 0) this.#writeNextPiece()
      else if (this.#drainAwaited) this.#onEmpty()
    })
  }

  #takePiece(): Uint8Array | undefined {
    for (let source = this.#queue[0]; source !== undefined; source = this.#queue[0]) {
      const next = source.next()
      if (next.done !== true) return next.value
      this.#queue.shift()
    }
    return undefined
  }

  #onEmpty(): void {
    if (!this.#drainAwaited || this.#isStopped) return
    this.#drainAwaited = false
    if (this.bufferedBytes > 0) this.awaitDrain()
    else this.#onDrain()
  }
}
