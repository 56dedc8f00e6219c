import { describe, expect, test } from 'vitest'
import { SimulatedEnvironment } from '../runtime/simulated-environment.js'
import { eventStreamTransport, type Fetch } from './event-stream-transport.js'
import type { Transport, TransportClose } from './transport.js'

const opening = 'retry: 1\nevent: open\ndata: {"connection":"secret"}\n\n'

interface Post {
  readonly url: string
  readonly headers: Headers
  readonly keepalive: boolean
  answer(status: number): Promise<void>
}

/** The other side of one transport: what it asks for, under the test's hand. */
class FakeServer {
  readonly environment = new SimulatedEnvironment()
  readonly posts: Post[] = []
  readonly calls: string[] = []
  readonly messages: number[][] = []
  closed: TransportClose | undefined
  request: { readonly url: string; readonly headers: Headers } | undefined
  signal: AbortSignal | undefined
  transport: Transport
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined
  #answer: ((response: Response) => void) | undefined

  constructor(options: { readonly token?: string; readonly params?: Record<string, string> } = {}) {
    const { token, params = {} } = options
    const { environment } = this
    const open = eventStreamTransport({ fetch: (input, init) => this.#fetch(String(input), init) })
    const address = { serverUrl: 'wss://server/x', documentName: 'a/b?c ü' }
    this.transport = open(
      { ...address, params, token, environment },
      {
        onOpen: (isExtended) => this.calls.push(`open ${isExtended}`),
        onMessage: (message) => this.messages.push([...message]),
        onError: () => this.calls.push('error'),
        onClose: (close) => {
          this.calls.push(`close ${close.code}`)
          this.closed = close
        },
      },
    )
  }

  /** Answers the request for the stream, and then sends `text` in pieces of so many bytes. */
  async stream(text: string, pieceLength = 1_000_000): Promise<this> {
    if (this.#stream === undefined) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#stream = controller
        },
      })
      await this.answer(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    }
    const bytes = new TextEncoder().encode(text)
    for (let start = 0; start < bytes.length; start += pieceLength) {
      this.#stream?.enqueue(bytes.slice(start, start + pieceLength))
      await this.environment.settle()
    }
    return this
  }

  async answer(response: Response): Promise<void> {
    this.#answer?.(response)
    await this.environment.settle()
  }

  async end(): Promise<void> {
    this.#stream?.close()
    await this.environment.settle()
  }

  async send(...messages: number[][]): Promise<void> {
    for (const message of messages) this.transport.send(Uint8Array.from(message))
    await this.environment.settle()
  }

  readonly #fetch = (url: string, init: Parameters<Fetch>[1] = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    this.signal = init.signal ?? undefined
    return new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      if (init.method !== 'POST') {
        this.request = { url, headers }
        this.#answer = resolve
        return
      }
      const answer = async (status: number): Promise<void> => {
        resolve(new Response(null, { status }))
        await this.environment.settle()
      }
      this.posts.push({ url, headers, keepalive: init.keepalive ?? false, answer })
    })
  }
}

describe('an event stream transport', () => {
  test('asks for a two-way stream at the address of the document, with its token', async () => {
    const server = new FakeServer({ token: 't', params: { a: 'b c' } })
    expect(server.request?.url).toBe('https://server/x/documents/a/b%3Fc ü/events?a=b%20c&post=1')
    expect(server.request?.headers.get('authorization')).toBe('Bearer t')
    await server.stream(opening)
    await server.send([1])
    expect(server.posts[0]?.url).toBe('https://server/x/documents/a/b%3Fc ü/messages?a=b%20c')
    expect(Object.fromEntries(server.posts[0]?.headers ?? [])).toMatchObject({
      authorization: 'Bearer t',
      'cairn-connection': 'secret',
      'cairn-batch': '1',
      'content-type': 'application/octet-stream',
    })
  })

  test('opens with the first event, and hands messages on, wherever the stream is cut', async () => {
    for (const pieceLength of [1, 2, 3, 7, 100]) {
      const server = new FakeServer()
      const ping = 'event: ping\ndata: {}\n\n'
      await server.stream(`${opening}data: AQID\n\n:\n\n${ping}data: /w==\n\n`, pieceLength)
      expect(server.calls).toEqual(['open true'])
      expect(server.messages).toEqual([[1, 2, 3], [255]])
      expect(server.posts).toHaveLength(1)
    }
  })

  test('calls nobody before it has returned, and nobody after it was closed', async () => {
    const server = new FakeServer()
    expect(server.calls).toEqual([])
    await server.stream(opening)
    server.transport.close(4000)
    expect(server.signal?.aborted).toBe(true)
    await server.stream('data: AQID\n\n')
    expect([server.calls, server.messages]).toEqual([['open true'], []])
  })

  test('ends with the code and the reason that the server gives', async () => {
    const server = await new FakeServer().stream(opening)
    await server.stream('event: close\ndata: {"code":4503,"reason":"STORE_UNAVAILABLE: x"}\n\n')
    expect(server.closed).toMatchObject({ code: 4503, reason: 'STORE_UNAVAILABLE: x' })
    expect(server.calls).toEqual(['open true', 'close 4503'])
    expect(server.signal?.aborted).toBe(true)
  })

  test.each([
    [400, 4400],
    [401, 4401],
    [403, 4403],
    [404, 4404],
    [413, 4413],
    [204, 1006],
    [429, 1006],
    [500, 1006],
    [502, 1006],
  ])('answered with the status %i ends with %i', async (status, code) => {
    const server = new FakeServer()
    const body = status === 204 ? null : `CODE: because\n`
    await server.answer(new Response(body, { status }))
    const reason = status === 204 ? 'status 204' : 'CODE: because'
    expect(server.closed).toMatchObject({ code, reason })
  })

  test('answered with a reason that comes in parts, and never ends, reads all that it needs', async () => {
    const server = new FakeServer()
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await null
        controller.enqueue(new TextEncoder().encode(first.shift() ?? 'and so on, '))
      },
    })
    const first = ['UNAUTH', 'ENTICATED: the tok', 'en is over, ']
    await server.answer(new Response(body, { status: 401 }))
    await server.environment.settle()
    expect(server.closed).toMatchObject({ code: 4401 })
    expect(server.closed?.reason).toMatch(/^UNAUTHENTICATED: the token is over, and so on, /)
    expect(server.closed?.reason.length).toBeLessThanOrEqual(1_024)
  })

  test.each([401, 403, 404, 413])(
    'answered with the status %i by something else on the way is lost, and not final',
    async (status) => {
      const server = new FakeServer()
      await server.answer(new Response('<h1>not here</h1>', { status }))
      expect(server.closed).toMatchObject({ code: 1006 })
    },
  )

  test('is lost where the stream ends, or is none, or holds what it cannot', async () => {
    const ended = await new FakeServer().stream(opening)
    await ended.end()
    expect(ended.calls).toEqual(['open true', 'close 1006'])
    const page = new FakeServer()
    await page.answer(new Response('<html>', { headers: { 'content-type': 'text/html' } }))
    expect(page.calls).toEqual(['close 1006'])
    for (const text of ['event: open\ndata: {}\n\n', 'event: open\ndata: no\n\n']) {
      const server = await new FakeServer().stream(text)
      expect(server.calls).toEqual(['error', 'close 1006'])
    }
    const garbled = await new FakeServer().stream(`${opening}data: A!\n\n`)
    expect(garbled.calls).toEqual(['open true', 'error', 'close 1006'])
  })

  test('sends nothing before it is open', async () => {
    const server = new FakeServer()
    await server.send([1])
    await server.stream(`data: AQID\n\n${opening}`)
    expect([server.posts.length, server.messages]).toEqual([0, []])
  })
})

describe('a POST that is refused', () => {
  test.each([
    [404, 1006],
    [408, 1006],
    [409, 1006],
    [500, 1006],
    [400, 4400],
    [413, 4413],
  ])('with %i ends the transport with %i', async (status, code) => {
    const server = await new FakeServer().stream(opening)
    await server.send([1])
    await server.posts[0]?.answer(status)
    await server.send([2])
    await server.environment.advance(1_000)
    expect(server.calls).toEqual(['open true', `close ${code}`])
    expect(server.posts).toHaveLength(1)
  })

  test('leaves the last word to the stream', async () => {
    const server = await new FakeServer().stream(opening)
    await server.send([1])
    await server.posts[0]?.answer(404)
    await server.stream('event: close\ndata: {"code":4508,"reason":"LAGGING: x"}\n\n')
    expect(server.closed).toMatchObject({ code: 4508, reason: 'LAGGING: x' })
    await server.environment.advance(5_000)
    expect(server.calls).toEqual(['open true', 'close 4508'])
  })
})

describe('leaving', () => {
  test('is told in a POST that outlives its page; the stream stands until it has arrived', async () => {
    const server = await new FakeServer().stream(opening)
    await server.send([1])
    await server.send([2])
    server.transport.close(1000)
    const last = server.posts[1]
    expect(last?.headers.get('cairn-close')).toBe('1000')
    expect(last?.headers.get('cairn-batch')).toBe('2')
    expect(last?.keepalive).toBe(true)
    expect(server.signal?.aborted).toBe(false)
    await last?.answer(204)
    expect(server.signal?.aborted).toBe(true)
    expect(server.calls).toEqual(['open true'])
  })

  test('does not take longer than two seconds', async () => {
    const server = await new FakeServer().stream(opening)
    server.transport.close(1001)
    await server.environment.advance(1_900)
    expect(server.signal?.aborted).toBe(false)
    await server.environment.advance(200)
    expect(server.signal?.aborted).toBe(true)
  })

  test('before it has opened only ends the request', async () => {
    const server = new FakeServer()
    server.transport.close(1000)
    await server.environment.settle()
    expect([server.signal?.aborted, server.posts.length, server.calls.length]).toEqual([true, 0, 0])
  })
})
