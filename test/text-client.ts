import type * as Y from 'yjs'
import { type Changing, waitFor } from './wait-for.js'

/** Some client with a document, whose root type `text` a test writes and reads, and waits for. */
export abstract class TextClient implements Changing {
  abstract readonly doc: Y.Doc
  readonly #listeners = new Set<() => void>()

  get text(): string {
    return this.doc.getText('text').toString()
  }

  type(text: string): this {
    const content = this.doc.getText('text')
    content.insert(content.length, text)
    return this
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return waitFor(what, condition, this)
  }

  async has(text: string): Promise<void> {
    await this.until(`the client has ${JSON.stringify(text)}`, () => this.text === text)
  }

  /** Something may have changed. */
  protected readonly announce = (): void => {
    for (const listener of this.#listeners) listener()
  }
}
