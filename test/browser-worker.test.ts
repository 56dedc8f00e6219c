import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { expect, test } from 'vitest'
import { launchBrowser, whyNoBrowser } from './browser-available.js'
import { BrowserServer } from './browser-server.js'
import { BrowserSite } from './browser-site.js'
import { saySkipped } from './say-skipped.js'

const client = fileURLToPath(new URL('../client/index.js', import.meta.url))

/** Writes into a document from a worker, and tells its page what became of that. */
const workerSource = `
import * as Y from 'yjs'
import { CairnProvider } from ${JSON.stringify(client)}
const doc = new Y.Doc()
const provider = new CairnProvider('ws://' + location.host + '/sync', 'from a worker', doc)
doc.getText('t').insert(0, 'written where there is no page')
await provider.whenSaved()
postMessage(provider.durability + ': ' + doc.getText('t'))
`
const pageSource = `<!doctype html><meta charset="utf-8"><title>waits</title><script>
  const worker = new Worker('/worker.js', { type: 'module' })
  worker.onmessage = ({ data }) => { document.title = data }
  worker.onerror = ({ message }) => { document.title = 'failed: ' + message }
</script>`

/** A page with a worker, bundled as an application would do it. */
async function buildSite(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cairn-browser-worker-'))
  const entry = path.join(folder, 'source.js')
  await writeFile(entry, workerSource)
  await writeFile(path.join(folder, 'index.html'), pageSource)
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    resolve: {
      alias: { yjs: fileURLToPath(import.meta.resolve('yjs')) },
    },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'es2023',
      rollupOptions: { input: { worker: entry }, output: { entryFileNames: '[name].js' } },
    },
  })
  return folder
}

const skipReason = whyNoBrowser()
if (skipReason !== undefined) saySkipped('browser-worker.test', skipReason)

test.skipIf(skipReason !== undefined)('the client saves from a worker of a browser', async () => {
  const folder = await buildSite()
  const server = await BrowserServer.start()
  const site = await BrowserSite.start(folder, server)
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(`${site.url}/`)
    await expect
      .poll(() => page.title(), { timeout: 15_000 })
      .toBe('fsync: written where there is no page')
  } finally {
    await browser.close()
    await site.close()
    await server.destroy()
    await rm(folder, { recursive: true, force: true })
  }
})
