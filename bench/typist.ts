import type * as Y from 'yjs'
import type { Environment, Timer } from '../runtime/environment.js'

/** Longest pause between two edits, in milliseconds. */
const longestPauseMs = 4
const words = ['a', 'b ', 'sync ', 'word ', '\n', 'ä', '😀']

/** Edits one text again and again: inserts at random places, and some deletes. */
export class Typist {
  readonly #text: Y.Text
  readonly #environment: Environment
  readonly #random: () => number
  #timer: Timer | undefined

  constructor(doc: Y.Doc, environment: Environment, random: () => number) {
    this.#text = doc.getText('text')
    this.#environment = environment
    this.#random = random
  }

  start(): void {
    this.#timer = this.#environment.setTimer(() => {
      this.#edit()
      this.start()
    }, this.#random() * longestPauseMs)
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #edit(): void {
    const { length } = this.#text
    const position = Math.floor(this.#random() * (length + 1))
    if (length > 40 && this.#random() < 0.3) {
      this.#text.delete(position, Math.min(length - position, 3))
    } else {
      this.#text.insert(position, words[Math.floor(this.#random() * words.length)] ?? 'x')
    }
  }
}
