import type { Writable } from 'node:stream'

/** What is larger leaves in pieces of this size, so that a slow reader's progress can be seen. */
const pieceBytes = 262_144

/** Writes to a stream in order and knows what of it still waits in this process. */
export class EventStreamWriter {
  readonly #stream: Pick<Writable, 'write' | 'writableLength'>
  readonly #onDrain: () => void
  #pieces: Uint8Array[] = []
  #waitingBytes = 0
  #drainAwaited = false
  #isStopped = false

  /** @param onDrain follows each `awaitDrain`, once nothing waits any more */
  constructor(stream: Pick<Writable, 'write' | 'writableLength'>, onDrain: () => void) {
    this.#stream = stream
    this.#onDrain = onDrain
  }

  /** False while a text has not been written whole: nothing may be put behind it yet. */
  get isBetweenTexts(): boolean {
    return this.#waitingBytes === 0
  }

  get bufferedBytes(): number {
    return this.#waitingBytes + this.#stream.writableLength
  }

  write(text: Uint8Array): void {
    if (this.#waitingBytes === 0 && text.byteLength <= pieceBytes) {
      this.#stream.write(text)
      return
    }
    for (let start = 0; start < text.byteLength; start += pieceBytes) {
      this.#pieces.push(text.subarray(start, start + pieceBytes))
    }
    const wasIdle = this.#waitingBytes === 0
    this.#waitingBytes += text.byteLength
    if (wasIdle) this.#writeNextPiece()
  }

  awaitDrain(): void {
    if (this.#drainAwaited) return
    this.#drainAwaited = true
    // An empty write is called back when everything before it has gone; 'drain' is only emitted
    // above the high-water mark.
    if (this.#waitingBytes === 0) this.#stream.write('', () => this.#onEmpty())
  }

  /** Nothing is written or told any more. */
  stop(): void {
    this.#isStopped = true
    this.#pieces = []
    this.#waitingBytes = 0
  }

  #writeNextPiece(): void {
    const piece = this.#pieces.shift()
    if (piece === undefined) return
    this.#stream.write(piece, (error) => {
      if (this.#isStopped || (error !== null && error !== undefined)) return
      this.#waitingBytes -= piece.byteLength
      if (this.#pieces.length > 0) this.#writeNextPiece()
      else if (this.#drainAwaited) this.#onEmpty()
    })
  }

  #onEmpty(): void {
    if (!this.#drainAwaited || this.#isStopped) return
    this.#drainAwaited = false
    if (this.bufferedBytes > 0) this.awaitDrain()
    else this.#onDrain()
  }
}
