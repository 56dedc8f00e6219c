import type { BrowserContext, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/** What is used of the page's elements; this program itself knows no DOM. */
interface Element {
  readonly textContent: string
  cloneNode(isDeep: boolean): Element
  querySelectorAll(selector: string): Iterable<Element>
  remove(): void
}

export type EditorName = 'codemirror' | 'tiptap' | 'quill'

const editors: Readonly<Record<EditorName, { readonly text: string; readonly caret: string }>> = {
  codemirror: { text: '.cm-content', caret: '.cm-ySelectionCaret' },
  tiptap: { text: '.tiptap', caret: '.collaboration-carets__caret' },
  quill: { text: '.ql-editor', caret: '.ql-cursor:not(.hidden)' },
}

/** Resolves when everything that was written to any database of the page is there. */
const storageSettled = `(async () => {
  const ended = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  for (const { name } of await indexedDB.databases()) {
    const database = await ended(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      // It waits for the writing transactions that were begun before it.
      await ended(database.transaction(store).objectStore(store).count())
    }
    database.close()
  }
})()`

/** An example in a tab of a browser, as somebody who sits before it sees it. */
export class BrowserEditor {
  readonly page: Page
  /** Everything that the page complained of. */
  readonly complaints: string[] = []
  readonly #text: Locator
  readonly #caretSelector: string

  constructor(page: Page, editor: EditorName) {
    this.page = page
    const { caret, text } = editors[editor]
    this.#text = page.locator(text)
    this.#caretSelector = caret
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text())
    })
  }

  /** Opens a document of an example. @param name by which the others see this browser */
  static async open(
    context: BrowserContext,
    { url, editor = 'codemirror', document, name }: OpenOptions,
  ): Promise<BrowserEditor> {
    const opened = new BrowserEditor(await context.newPage(), editor)
    await opened.page.goto(`${url}/${editor}/#${encodeURIComponent(document)}`)
    if (name !== undefined) {
      await opened.page.locator('#name').fill(name)
      await opened.page.locator('#name').press('Enter')
    }
    return opened
  }

  /** Writes at the end, key by key. */
  async type(text: string): Promise<void> {
    await this.#text.focus()
    await this.page.keyboard.press('Control+End')
    await this.page.keyboard.type(text)
  }

  /** What stands in the editor, without the names at the carets of others. */
  text(): Promise<string> {
    return this.#text.evaluate((element: Element, caret: string) => {
      const copy = element.cloneNode(true)
      for (const found of copy.querySelectorAll(caret)) found.remove()
      return copy.textContent.replaceAll(/[\u200b\u2060\ufeff]/g, '')
    }, this.#caretSelector)
  }

  /** Resolves when the text holds `part`, to its last space: locators do not look at those. */
  async shows(part: string): Promise<void> {
    await expect.poll(() => this.text(), { timeout: 20_000 }).toContain(part)
  }

  /** Resolves when the caret of somebody else is in the text. */
  async showsCaretOf(name: string): Promise<void> {
    const carets = this.page.locator(this.#caretSelector)
    // It may be a line of no width, which a browser does not call visible.
    await carets.filter({ hasText: name }).first().waitFor({ state: 'attached' })
  }

  /** Resolves when the status line says all of this. */
  async says(status: Partial<Record<StatusField, string>>): Promise<void> {
    const fields = Object.entries(status).map(([field, value]) => `[data-${field}="${value}"]`)
    await this.page.locator(`#status${fields.join('')}`).waitFor()
  }

  /** Resolves when the status line says that there are changes which the server does not have. */
  async saysUnsaved(): Promise<void> {
    await this.page
      .locator('#status[data-saved="false"]:not([data-unsaved="0"]) .saved')
      .filter({ hasText: /not saved yet/ })
      .waitFor()
  }

  async storageSettled(): Promise<void> {
    await this.page.evaluate(storageSettled)
  }
}

export interface OpenOptions {
  /** Of the site. */
  readonly url: string
  /** @default 'codemirror' */
  readonly editor?: EditorName
  readonly document: string
  /** @default one that the page takes from a list */
  readonly name?: string
}

type StatusField = 'state' | 'saved' | 'unsaved' | 'transport' | 'access'
