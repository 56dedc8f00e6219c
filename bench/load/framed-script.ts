import { Buffer } from 'node:buffer'
import { encodeUpdate } from '../../protocol/codec.js'
import { binaryFrame } from './client-frame.js'
import type { EditScript } from './edit-script.js'

/** The edits of one editor as they go over the wire, one frame after the other in one buffer. */
export class FramedScript {
  readonly script: EditScript
  readonly #bytes: Buffer
  readonly #offsets: Float64Array

  constructor(script: EditScript, prefix: Uint8Array) {
    this.script = script
    const frames = script.updates.map((update) => binaryFrame(prefix, encodeUpdate(update)))
    this.#bytes = Buffer.concat(frames)
    this.#offsets = new Float64Array(frames.length + 1)
    for (const [edit, frame] of frames.entries()) {
      this.#offsets[edit + 1] = (this.#offsets[edit] as number) + frame.length
    }
  }

  /** The frames of edits `from` up to and without `to`. */
  frames(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#offsets[from], this.#offsets[to])
  }

  /** The edit before which about `bytes` bytes of frames fit, counted from edit `from` on. */
  editAfter(from: number, bytes: number): number {
    const end = (this.#offsets[from] as number) + bytes
    let edit = from
    while (edit < this.script.updates.length && (this.#offsets[edit + 1] as number) <= end) edit++
    return Math.min(this.script.updates.length, Math.max(edit, from + 1))
  }
}
