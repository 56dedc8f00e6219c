import { CairnError } from '../protocol/errors.js'
import { exceeds } from './limits.js'

/** What came before the document was open, in order. */
export class EarlyFrames {
  readonly #maxBytes: number
  readonly #frames: Uint8Array[] = []
  #bytes = 0

  /** @param maxBytes 0 for no limit */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @throws TOO_LARGE */
  add(frame: Uint8Array): void {
    this.#frames.push(frame)
    this.#bytes += frame.byteLength
    if (!exceeds(this.#bytes, this.#maxBytes)) return
    throw new CairnError('TOO_LARGE', `${this.#bytes} bytes came before the document was open`)
  }

  [Symbol.iterator](): Iterator<Uint8Array> {
    return this.#frames.values()
  }
}
