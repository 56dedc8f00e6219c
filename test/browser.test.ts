import { rm } from 'node:fs/promises'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { examplesFolder, launchBrowser, whyNoBrowser } from './browser-available.js'
import { BrowserEditor, type EditorName, type OpenOptions } from './browser-editor.js'
import { BrowserServer } from './browser-server.js'
import { BrowserSite, buildPages } from './browser-site.js'
import { runProcess } from './run-process.js'
import { saySkipped } from './say-skipped.js'

const skipReason = whyNoBrowser()
if (skipReason !== undefined) saySkipped('browser.test', skipReason)

describe.skipIf(skipReason !== undefined)('in a browser', { timeout: 90_000 }, () => {
  let pages: string
  let server: BrowserServer
  let site: BrowserSite
  let browser: Browser
  let documents = 0
  const contexts: BrowserContext[] = []

  beforeAll(async () => {
    pages = await buildPages()
    server = await BrowserServer.start()
    site = await BrowserSite.start(pages, server)
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    await site?.close()
    await server?.destroy()
    if (pages !== undefined) await rm(pages, { recursive: true, force: true })
  })

  beforeEach(async () => {
    documents++
    await server.start()
    site.passesUpgrades = true
  })

  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })

  /** Somebody with a browser of their own, which shares nothing with the others. */
  async function visitor(): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 640 } })
    // A client may wait for up to 16 s after a few attempts in vain.
    context.setDefaultTimeout(40_000)
    contexts.push(context)
    return context
  }

  /** Opens the document of this test. */
  async function open(
    context: BrowserContext,
    options: Partial<OpenOptions> = {},
  ): Promise<BrowserEditor> {
    return BrowserEditor.open(context, { url: site.url, document: `test ${documents}`, ...options })
  }

  /** Two people with the document of this test, in sync. */
  async function openTwo(editor: EditorName = 'codemirror') {
    const [adaContext, bobContext] = [await visitor(), await visitor()]
    const [ada, bob] = await Promise.all([
      open(adaContext, { editor, name: 'Ada' }),
      open(bobContext, { editor, name: 'Bob' }),
    ])
    await Promise.all([ada.says({ state: 'live' }), bob.says({ state: 'live' })])
    return { ada, adaContext, bob }
  }

  /** What somebody sees who opens the document of this test for the first time. */
  async function storedText(): Promise<string> {
    const reader = await open(await visitor())
    await reader.says({ state: 'live', saved: 'true' })
    return reader.text()
  }

  test('two who write at once come to the same text, and see the cursor of each other', async () => {
    const { ada, bob } = await openTwo()
    await Promise.all([ada.type('a'.repeat(40)), bob.type('b'.repeat(40))])
    await Promise.all([ada.says({ saved: 'true' }), bob.says({ saved: 'true' })])
    const patience = { timeout: 15_000 }
    const all = 'a'.repeat(40) + 'b'.repeat(40)
    await expect.poll(async () => sorted(await ada.text()), patience).toBe(all)
    await expect.poll(() => bob.text(), patience).toBe(await ada.text())
    await Promise.all([ada.showsCaretOf('Bob'), bob.showsCaretOf('Ada')])
    await ada.page.locator('#people').getByText('Bob').waitFor()
    expect([ada.complaints, bob.complaints]).toEqual([[], []])
  })

  test('who was offline says so, and is merged and saved on return', async () => {
    const { ada, adaContext, bob } = await openTwo()
    await ada.type('Both. ')
    await bob.shows('Both. ')
    await adaContext.setOffline(true)
    await ada.type('Ada, alone. ')
    await bob.type('Bob, alone. ')
    await ada.says({ state: 'offline', saved: 'false' })
    await ada.saysUnsaved()
    await bob.says({ saved: 'true' })
    expect(await ada.text()).not.toContain('Bob')
    expect(await bob.text()).not.toContain('Ada')
    await adaContext.setOffline(false)
    await ada.says({ state: 'live', saved: 'true', unsaved: '0' })
    await ada.shows('Bob, alone.')
    await bob.shows('Ada, alone.')
    expect(await ada.text()).toBe(await bob.text())
  })

  test('a server that is killed and started again is found, and has all that was saved', async () => {
    const { ada, bob } = await openTwo()
    await ada.type('Saved. ')
    await bob.shows('Saved. ')
    await ada.says({ saved: 'true' })
    await server.kill()
    await Promise.all([ada.says({ state: 'reconnecting' }), bob.says({ state: 'reconnecting' })])
    await ada.type('Written meanwhile. ')
    await ada.saysUnsaved()
    await server.start()
    const saved = { state: 'live', saved: 'true', transport: 'websocket' }
    await Promise.all([ada.says(saved), bob.says(saved)])
    await bob.shows('Written meanwhile. ')
    expect(await storedText()).toBe('Saved. Written meanwhile. ')
  })

  test('where no WebSocket comes through HTTP carries edits, until one does', async () => {
    const blocked = await BrowserSite.start(pages, server)
    blocked.passesUpgrades = false
    try {
      const context = await visitor()
      await context.clock.install()
      const ada = await open(context, { url: blocked.url })
      const bob = await open(await visitor())
      await ada.says({ state: 'live', transport: 'events' })
      await bob.says({ state: 'live', transport: 'websocket' })
      await ada.type('Up. ')
      await bob.shows('Up. ')
      await bob.type('Down. ')
      await ada.shows('Down. ')
      await ada.says({ saved: 'true' })
      blocked.passesUpgrades = true
      // It looks every now and then whether a WebSocket can be opened after all.
      await context.clock.fastForward('00:31')
      await ada.says({ state: 'live', saved: 'true', transport: 'websocket' })
      await ada.type('Up again. ')
      await bob.shows('Up again. ')
      await bob.type('Down again. ')
      await ada.shows('Down again. ')
      expect(await storedText()).toBe('Up. Down. Up again. Down again. ')
    } finally {
      await blocked.close()
    }
  })

  test('unsaved edits survive a reload, and go to the server once', async () => {
    const ada = await open(await visitor())
    await ada.says({ state: 'live' })
    await ada.type('Saved. ')
    await ada.says({ saved: 'true' })
    await server.kill()
    await ada.type('Not saved. ')
    await ada.saysUnsaved()
    await ada.storageSettled()
    await ada.page.reload()
    await ada.shows('Saved. Not saved. ')
    await ada.says({ saved: 'false' })
    await server.start()
    await ada.says({ state: 'live', saved: 'true' })
    expect(await ada.text()).toBe('Saved. Not saved. ')
    expect(await storedText()).toBe('Saved. Not saved. ')
  })

  test('an edit of a tab that was closed goes to the server through another tab', async () => {
    const context = await visitor()
    const first = await open(context)
    const second = await open(context)
    await Promise.all([first.says({ state: 'live' }), second.says({ state: 'live' })])
    await server.kill()
    await first.type('From tab to tab. ')
    await second.shows('From tab to tab. ')
    await second.saysUnsaved()
    await first.page.close()
    await server.start()
    await second.says({ state: 'live', saved: 'true', unsaved: '0' })
    expect(await storedText()).toBe('From tab to tab. ')
  })

  test.each(['tiptap', 'quill'] as const)('the page of %s works', async (editor) => {
    const { ada, bob } = await openTwo(editor)
    await ada.type('Hello')
    await bob.shows('Hello')
    await bob.type(', Ada')
    await ada.shows('Hello, Ada')
    await Promise.all([ada.showsCaretOf('Bob'), bob.showsCaretOf('Ada')])
    await Promise.all([ada.says({ saved: 'true' }), bob.says({ saved: 'true' })])
    expect([await ada.text(), await bob.text()]).toEqual(['Hello, Ada', 'Hello, Ada'])
    expect([ada.complaints, bob.complaints]).toEqual([[], []])
  })

  test('whoever writes in Quill is said to be typing', async () => {
    const { ada, bob } = await openTwo('quill')
    // It is said for a few seconds only, so it is waited for before it begins.
    const isSeen = bob.page.locator('#typing').getByText('Ada is typing').waitFor()
    await Promise.all([isSeen, ada.type('Hello')])
  })

  test('the first page leads to all of them', async () => {
    const context = await visitor()
    const page = await context.newPage()
    for (const title of ['CodeMirror', 'Tiptap', 'Quill']) {
      await page.goto(site.url)
      await page.getByRole('link', { name: title }).click()
      await page.locator('#status[data-state="live"]').waitFor()
      expect(await page.title()).toBe(`${title} · Cairn`)
    }
  })

  test('the types of the examples are right', async () => {
    const compiler = `${examplesFolder}node_modules/typescript/bin/tsc`
    const { code, stdout } = await runProcess(process.execPath, [compiler, '--noEmit'], {
      cwd: examplesFolder,
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  })
})

function sorted(text: string): string {
  return [...text].sort().join('')
}
