import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A proxy on the way to a server, that lets HTTP through and, for as long as it likes, no WebSocket. */
export class BlockingProxy {
  isBlocking = true
  /** Upgrades that it refused. */
  refused = 0
  readonly #http: Server
  readonly #targetPort: number
  readonly #streams = new Set<Duplex>()

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#http = createServer((request, response) => this.#pass(request, response))
    this.#http.on('upgrade', (request, stream: Duplex) => this.#upgrade(request, stream))
    this.#http.on('connection', (stream) => this.#keep(stream))
  }

  static async start(targetPort: number): Promise<BlockingProxy> {
    const proxy = new BlockingProxy(targetPort)
    proxy.#http.listen(0, '127.0.0.1')
    await once(proxy.#http, 'listening')
    return proxy
  }

  get url(): string {
    const address = this.#http.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy is stopped')
    return `ws://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    const closed = once(this.#http, 'close')
    this.#http.close()
    for (const stream of this.#streams) stream.destroy()
    await closed
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { headers, method, url } = request
    const options = { host: '127.0.0.1', port: this.#targetPort, method, path: url, headers }
    const passed = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('error', () => response.destroy()).pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  }

  #upgrade(request: IncomingMessage, stream: Duplex): void {
    if (this.isBlocking) {
      this.refused++
      stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const server = connect(this.#targetPort, '127.0.0.1')
    this.#keep(server)
    const lines = [`${request.method} ${request.url} HTTP/1.1`]
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
    }
    server.write(`${lines.join('\r\n')}\r\n\r\n`)
    stream.on('error', () => server.destroy()).pipe(server)
    server.on('error', () => stream.destroy()).pipe(stream)
  }

  #keep(stream: Duplex): void {
    this.#streams.add(stream)
    // Either side may be cut at any time; the other is told by the pipe.
    stream.on('error', () => stream.destroy())
    stream.once('close', () => this.#streams.delete(stream))
  }
}
