import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { closeReason } from '../protocol/close-reason.js'
import { encodeSyncStep1 } from '../protocol/codec.js'
import { parseDocumentName } from '../protocol/document-name.js'
import { toCairnError } from '../protocol/errors.js'
import { encodeResume } from '../protocol/extension-codec.js'
import type { Environment } from '../runtime/environment.js'
import type { Connection } from './connection.js'
import { parseEventId } from './event-stream-id.js'
import { EventStreamPosts } from './event-stream-posts.js'
import { EventStreamTransport } from './event-stream-transport.js'
import { answerText, anyOrigin, finalStatus, type HttpHeaders } from './http-answer.js'
import { readBody } from './http-body.js'
import type { ResolvedOptions } from './options.js'
import type { Access, ConnectionRequest } from './principal.js'
import { requestToken } from './request-token.js'

/** Room for the message around an update of the greatest size. */
const envelopeBytes = 1_024
/** Clients put so many bytes of messages into one POST, if no message is larger by itself. */
const leastBodyBytes = 1_048_576
const emptyStateVector = Uint8Array.of(0)
const batchForm = /^[1-9]\d{0,14}$/
/** The close codes that a client may leave with: it is done, or its page goes away. */
const leaveCodes: ReadonlySet<string> = new Set(['1000', '1001'])

const preflight: HttpHeaders = Object.freeze({
  ...anyOrigin,
  'access-control-allow-headers':
    'authorization, content-type, last-event-id, cairn-connection, cairn-batch, cairn-close',
  'access-control-max-age': '86400',
})

/** @param access the most that the connection may do, whoever it is */
export type AcceptStream = (
  transport: EventStreamTransport,
  request: ConnectionRequest,
  access: Access,
) => Connection

interface Route {
  readonly kind: 'events' | 'messages'
  /** The path up to the name's end. */
  readonly namePath: string
  readonly query: URLSearchParams
}

interface Stream {
  readonly documentName: string
  readonly posts: EventStreamPosts
}

/** The transport without a WebSocket: event streams down, POSTs up (docs/PROTOCOL.md). */
export class EventStreamRoutes {
  readonly #options: ResolvedOptions
  readonly #accept: AcceptStream
  readonly #prefix: string
  /** Two-way streams by their secret; no more than there are connections. */
  readonly #streams = new Map<string, Stream>()
  /** HTTP connections with a stream on them. */
  readonly #streaming = new Set<Socket>()

  constructor(options: ResolvedOptions, accept: AcceptStream) {
    this.#options = options
    this.#accept = accept
    this.#prefix = `${options.path}documents/`
  }

  /** Returns false, having done nothing, for a path that is none of its own. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const route = this.#routeOf(request.url ?? '/')
    if (route === undefined) return false
    const method = route.kind === 'events' ? 'GET' : 'POST'
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { ...preflight, 'access-control-allow-methods': method }).end()
    } else if (request.method !== method) {
      const allow = `${method}, OPTIONS`
      answerText(response, 405, `here is only ${allow}\n`, { ...refusal, allow })
    } else {
      this.#serve(route, request, response)
    }
    return true
  }

  #serve(route: Route, request: IncomingMessage, response: ServerResponse): void {
    try {
      if (route.kind === 'events' && response.socket === null) {
        this.#refuseToWait(request, response)
      } else if (route.kind === 'events') {
        this.#openStream(this.#connectionRequest(route, request), route.query, response)
      } else {
        const name = this.#documentName(route)
        this.#options.guard.own('taking a POST', this.#takePost(name, request, response))
      }
    } catch (thrown) {
      const error = toCairnError(thrown)
      const status = finalStatus(error.closeCode) ?? 500
      answerText(response, status, `${closeReason(error)}\n`, refusal)
    }
  }

  /**
   * A stream behind an answer that is not done could not be written, perhaps never; and one HTTP
   * connection would stand for as many streams as it asks for.
   */
  #refuseToWait({ socket }: IncomingMessage, response: ServerResponse): void {
    // Behind a stream the refusal would not be written either.
    if (this.#streaming.has(socket)) socket.destroy()
    else answerText(response, 400, 'an event stream cannot wait behind another answer\n', refusal)
  }

  #routeOf(url: string): Route | undefined {
    const queryAt = url.indexOf('?')
    const path = queryAt === -1 ? url : url.slice(0, queryAt)
    if (!path.startsWith(this.#prefix)) return undefined
    const kind = path.endsWith('/events') ? 'events' : 'messages'
    const namePath = path.slice(0, -kind.length - 1)
    if (!path.endsWith(`/${kind}`) || namePath.length < this.#prefix.length) return undefined
    const query = new URLSearchParams(queryAt === -1 ? '' : url.slice(queryAt + 1))
    return { kind, namePath, query }
  }

  /** @throws INVALID_NAME, UNAUTHENTICATED */
  #connectionRequest(route: Route, request: IncomingMessage): ConnectionRequest {
    const { headers, socket, url = '/' } = request
    return {
      documentName: this.#documentName(route),
      url,
      headers,
      remoteAddress: socket.remoteAddress,
      token: requestToken({ url, headers }),
    }
  }

  /** @throws INVALID_NAME */
  #documentName({ namePath }: Route): string {
    return parseDocumentName(namePath, { prefix: this.#prefix, decode: this.#options.decodeNames })
  }

  #openStream(request: ConnectionRequest, query: URLSearchParams, response: ServerResponse): void {
    const { environment, limits } = this.#options
    const isTwoWay = query.get('post') === '1'
    const secret = isTwoWay ? newSecret(environment) : undefined
    const { socket } = response.req
    this.#streaming.add(socket)
    const onGone = (): void => {
      this.#streaming.delete(socket)
      if (secret !== undefined) this.#streams.delete(secret)
    }
    const transport = new EventStreamTransport(response, { environment, secret, onGone })
    const connection = this.#accept(transport, request, isTwoWay ? 'write' : 'read')
    if (secret !== undefined) {
      const { documentName } = request
      const maxMessageBytes = limits.updateBytes === 0 ? 0 : limits.updateBytes + envelopeBytes
      const rules = { environment, maxMessageBytes }
      const posts = new EventStreamPosts(transport, connection, rules)
      this.#streams.set(secret, { documentName, posts })
    } else {
      const lastEventId = request.headers['last-event-id'] ?? query.get('last-event-id') ?? ''
      const question = questionOfReader(String(lastEventId))
      this.#options.guard.own('asking for a reader', transport.deliver(question))
    }
  }

  async #takePost(
    documentName: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { headers } = request
    const stream = this.#streams.get(String(headers['cairn-connection']))
    const batch = String(headers['cairn-batch'])
    const leave = headers['cairn-close']
    if (stream === undefined || stream.documentName !== documentName) {
      answerText(response, 404, 'there is no such stream\n', refusal)
      return
    }
    if (!batchForm.test(batch) || (leave !== undefined && !leaveCodes.has(String(leave)))) {
      answerText(response, 400, 'expected cairn-batch, and cairn-close of 1000 or 1001\n', refusal)
      return
    }
    const status = await stream.posts.take({
      batch: Number(batch),
      leaveCode: leave === undefined ? undefined : Number(leave),
      readBody: (onProgress) => this.#readBody(request, onProgress),
    })
    if (status === 204) response.writeHead(204, anyOrigin).end()
    else answerText(response, status, `${reasons[status] ?? 'the stream was closed'}\n`, refusal)
  }

  #readBody(request: IncomingMessage, onProgress: () => void): Promise<Uint8Array | undefined> {
    const { environment, limits, timings } = this.#options
    const { updateBytes } = limits
    return readBody(request, {
      environment,
      maxBytes: updateBytes === 0 ? 0 : Math.max(updateBytes, leastBodyBytes) + envelopeBytes,
      patienceMs: timings.heartbeatMs + timings.heartbeatTimeoutMs,
      onProgress,
    })
  }
}

/** What is left of the request is not read. */
const refusal: HttpHeaders = Object.freeze({ ...anyOrigin, connection: 'close' })

const reasons: Readonly<Record<number, string>> = {
  404: 'the stream is gone',
  408: 'the body came too slowly',
  409: 'a batch is missing, or another is under way',
}

/** What a client that only reads would send first. */
function questionOfReader(lastEventId: string): Uint8Array[] {
  const place = parseEventId(lastEventId)
  const step1 = encodeSyncStep1(emptyStateVector)
  return place === undefined ? [step1] : [encodeResume(place), step1]
}

function newSecret(environment: Environment): string {
  return Buffer.from(environment.randomBytes(18)).toString('base64url')
}
