import { parseCloseReason } from '../protocol/close-reason.js'
import type { Timer } from '../runtime/environment.js'
import { decodeBase64 } from './decode-base64.js'
import { documentUrl } from './document-url.js'
import { EventStreamParser, type StreamEvent } from './event-stream-parser.js'
import { maxFarewellBytes, PostQueue } from './post-queue.js'
import type { OpenTransport, Transport, TransportHandlers, TransportRequest } from './transport.js'

/** The close code where nobody gave one. */
const lost = 1006
/** After these the server knows that the client meant to leave. */
const cleanCloseCodes: ReadonlySet<number> = new Set([1000, 1001])
/** Answers after which a client does not come back by itself, as close codes. */
const finalCodes: ReadonlyMap<number, number> = new Map([
  [400, 4400],
  [401, 4401],
  [403, 4403],
  [404, 4404],
  [413, 4413],
])
/** A POST and the stream may tell of the same end; the stream says more, and may come later. */
const lastWordMs = 1_000
/** How long a goodbye may take before the stream is cut. */
const farewellMs = 2_000
/** Enough of an answer to read what is wrong. */
const maxReasonLength = 1_024

/** Anything like the global `fetch` whose answers can be read as they come. */
export type Fetch = typeof globalThis.fetch

export interface EventStreamTransportOptions {
  /** @default the global one */
  readonly fetch?: Fetch | undefined
}

/**
 * Opens event streams for what the server sends, with POSTs for what the client sends, as
 * docs/PROTOCOL.md has them for where no WebSocket can be opened.
 * @throws TypeError, when a transport is opened, where there is no `fetch`
 */
export function eventStreamTransport(options: EventStreamTransportOptions = {}): OpenTransport {
  return (request, handlers) => {
    const fetch = options.fetch ?? globalThis.fetch
    if (typeof fetch !== 'function') throw new TypeError('there is no fetch to open a stream with')
    return new EventStreamTransport(fetch, request, handlers)
  }
}

class EventStreamTransport implements Transport {
  readonly kind = 'events'
  readonly #fetch: Fetch
  readonly #request: TransportRequest
  readonly #handlers: TransportHandlers
  readonly #abort = new AbortController()
  readonly #posts: PostQueue
  #state: 'opening' | 'open' | 'closed' = 'opening'
  #secret = ''
  #timer: Timer | undefined

  constructor(fetch: Fetch, request: TransportRequest, handlers: TransportHandlers) {
    // Called as a method of something else, a browser's own would throw.
    this.#fetch = (input, init) => fetch(input, init)
    this.#request = request
    this.#handlers = handlers
    this.#posts = new PostQueue({
      post: (body, headers) => this.#post(body, headers),
      onRefused: (status) => this.#onPostRefused(status),
      onFailed: (error) => this.#fail(error),
    })
    void this.#run()
  }

  send(message: Uint8Array): void {
    if (this.#state === 'open') this.#posts.send(message)
  }

  close(code: number): void {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    this.#timer?.cancel()
    if (wasOpen && cleanCloseCodes.has(code)) this.#leave(code)
    else this.#cut()
  }

  async #run(): Promise<void> {
    try {
      const { token } = this.#request
      const response = await this.#fetch(this.#url('events', { post: '1' }), {
        headers: { accept: 'text/event-stream', ...bearer(token) },
        signal: this.#abort.signal,
      })
      if (response.status !== 200) {
        const reason = await readReason(response)
        this.#end(refusalCode(response.status, reason), reason)
      } else if (isEventStream(response) && response.body !== null) {
        await this.#read(response.body.getReader())
        this.#end(lost, 'the stream has ended')
      } else {
        this.#end(lost, 'the answer is no event stream')
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  async #read(reader: StreamReader): Promise<void> {
    const parser = new EventStreamParser((event) => this.#onEvent(event))
    while (this.#state !== 'closed') {
      const { done, value } = await reader.read()
      if (done || value === undefined) return
      parser.push(value)
    }
  }

  #onEvent({ type, data }: StreamEvent): void {
    if (type === 'close') {
      const { code, reason } = parseClose(data)
      this.#end(code, reason)
    } else if (type === 'open' && this.#state === 'opening') {
      this.#secret = parseSecret(data)
      this.#state = 'open'
      this.#handlers.onOpen(true)
    } else if (type === 'message' && this.#state === 'open') {
      this.#handlers.onMessage(decodeBase64(data))
    } else if (type === 'ping' && this.#state === 'open') {
      this.#posts.answer()
    }
  }

  async #post(body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<number> {
    const { token } = this.#request
    const response = await this.#fetch(this.#url('messages', {}), {
      method: 'POST',
      headers: {
        'content-type': 'application/octet-stream',
        'cairn-connection': this.#secret,
        ...bearer(token),
        ...headers,
      },
      body: ownBytes(body),
      // Only what may outlive its page is limited in size.
      keepalive: this.#state === 'closed' && body.byteLength <= maxFarewellBytes,
      signal: this.#abort.signal,
    })
    await response.body?.cancel()
    return response.status
  }

  #onPostRefused(status: number): void {
    if (this.#state === 'closed') return
    const code = finalCodes.get(status)
    // Of a stream that is gone, or never was, a new one is asked.
    const isFinal = code !== undefined && status !== 404
    const { environment } = this.#request
    this.#timer = environment.setTimer(() => {
      this.#end(isFinal ? code : lost, `a POST was answered with ${status}`)
    }, lastWordMs)
  }

  #leave(code: number): void {
    const { environment } = this.#request
    const timer = environment.setTimer(() => this.#cut(), farewellMs)
    const cut = (): void => {
      timer.cancel()
      this.#cut()
    }
    // Whether the goodbye arrived is of no importance any more.
    this.#posts.leave(code).then(cut, cut)
  }

  #fail(error: unknown): void {
    if (this.#state === 'closed') return
    this.#handlers.onError(error)
    this.#end(lost, error instanceof Error ? error.message : String(error))
  }

  #end(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#cut()
    this.#handlers.onClose({ code, reason, event: undefined })
  }

  #cut(): void {
    this.#posts.end()
    this.#abort.abort()
  }

  #url(kind: 'events' | 'messages', query: Readonly<Record<string, string>>): string {
    const { documentName, params, serverUrl } = this.#request
    const httpUrl = serverUrl.replace(/^ws(?=s?:)/i, 'http')
    return documentUrl(`${httpUrl}/documents`, `${documentName}/${kind}`, { ...params, ...query })
  }
}

/** The reader of a body, without the kinds that no answer has. */
interface StreamReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

function isEventStream(response: Response): boolean {
  const type = response.headers.get('content-type') ?? ''
  return /^text\/event-stream *(;|$)/i.test(type)
}

/** Only a server that says why is believed: a proxy's own 404 says nothing of the document. */
function refusalCode(status: number, reason: string): number {
  return parseCloseReason(reason).code === '' ? lost : (finalCodes.get(status) ?? lost)
}

/** The start of an answer, which says what is wrong. */
async function readReason(response: Response): Promise<string> {
  const reader: StreamReader | undefined = response.body?.getReader()
  const decoder = new TextDecoder()
  let reason = ''
  // A proxy may hand it on in parts.
  while (reader !== undefined && reason.length < maxReasonLength) {
    const { done, value } = await reader.read()
    if (done || value === undefined) break
    reason += decoder.decode(value, { stream: true })
  }
  await reader?.cancel()
  return reason.slice(0, maxReasonLength).trim() || `status ${response.status}`
}

function parseClose(data: string): { readonly code: number; readonly reason: string } {
  const { code, reason } = parseObject(data)
  const isCode = typeof code === 'number' && Number.isInteger(code)
  return { code: isCode ? code : lost, reason: typeof reason === 'string' ? reason : '' }
}

/** @throws SyntaxError where there is none */
function parseSecret(data: string): string {
  const { connection } = parseObject(data)
  if (typeof connection === 'string' && /^[\w-]{1,128}$/.test(connection)) return connection
  throw new SyntaxError('expected the stream to open with the name of its connection')
}

function parseObject(data: string): { readonly [key: string]: unknown } {
  const value: unknown = JSON.parse(data)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** What is sent must not lie in shared memory. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Uint8Array.from(bytes)
}
