import { mkdtemp, readFile, rm } from 'node:fs/promises'
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import { examplesFolder } from './browser-available.js'
import { runProcess } from './run-process.js'

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
}

/** Builds the pages of the examples into a temporary folder, which is the caller's to remove. */
export async function buildPages(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cairn-browser-pages-'))
  const vite = `${examplesFolder}node_modules/vite/bin/vite.js`
  const args = [vite, 'build', '--outDir', folder, '--logLevel', 'error']
  const { code, stderr } = await runProcess(process.execPath, args, { cwd: examplesFolder })
  if (code !== 0) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`vite build failed with exit code ${code}: ${stderr}`)
  }
  return folder
}

/**
 * Serves pages, and passes what is below `/sync` on to a Cairn server, as a reverse proxy does; one
 * that knows no WebSockets where it is told so.
 */
export class BrowserSite {
  /** Whether a WebSocket can be opened through it. */
  passesUpgrades = true
  readonly #folder: string
  readonly #target: { readonly port: number }
  readonly #http: Server
  readonly #streams = new Set<Duplex>()

  private constructor(folder: string, target: { readonly port: number }) {
    this.#folder = folder
    this.#target = target
    this.#http = http.createServer((request, response) => {
      if (request.url?.startsWith('/sync/')) this.#pass(request, response)
      else this.#servePage(request, response).catch(() => response.writeHead(404).end())
    })
    this.#http.on('upgrade', (request, stream, head) => this.#passUpgrade(request, stream, head))
  }

  /** @param target asked for its port at each request */
  static async start(folder: string, target: { readonly port: number }): Promise<BrowserSite> {
    const site = new BrowserSite(folder, target)
    await new Promise<void>((resolve) => site.#http.listen(0, '127.0.0.1', resolve))
    return site
  }

  get url(): string {
    const address = this.#http.address()
    if (address === null || typeof address === 'string') throw new Error('the site is closed')
    return `http://127.0.0.1:${address.port}`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    this.#http.closeAllConnections()
    for (const stream of this.#streams) stream.destroy()
    await closed
  }

  async #servePage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://site')
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const content = await readFile(path.join(this.#folder, file))
    response.setHeader('content-type', mediaTypes[path.extname(file)] ?? 'application/octet-stream')
    response.end(content)
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { headers, method } = request
    const target = { host: '127.0.0.1', port: this.#target.port, path: targetPath(request) }
    const outgoing = http.request({ ...target, method, headers }, (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.headers)
      // The beginning of a stream must not wait for more of it.
      response.flushHeaders()
      incoming.pipe(response)
      incoming.on('error', () => response.destroy())
    })
    outgoing.on('error', () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    })
    response.on('close', () => outgoing.destroy())
    request.pipe(outgoing)
  }

  #passUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy())
    if (!this.passesUpgrades) {
      stream.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    const upstream = net.connect(this.#target.port, '127.0.0.1', () => {
      const lines = [`${request.method} ${targetPath(request)} HTTP/1.1`]
      const raw = request.rawHeaders
      for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`)
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`)
      upstream.write(head)
      stream.pipe(upstream).pipe(stream)
    })
    upstream.on('error', () => stream.destroy())
    upstream.on('close', () => stream.destroy())
    this.#streams.add(stream)
    stream.on('close', () => {
      this.#streams.delete(stream)
      upstream.destroy()
    })
  }
}

function targetPath({ url = '/' }: IncomingMessage): string {
  return url.replace(/^\/sync/, '')
}
