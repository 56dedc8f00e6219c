import type { IncomingMessage } from 'node:http'
import { CairnError } from '../protocol/errors.js'
import type { Environment, Timer } from '../runtime/environment.js'
import { exceeds } from './limits.js'

/** Who sends slower than this over a long time is not sending at all. */
const minBytesPerSecond = 4_096

export interface BodyOptions {
  readonly environment: Environment
  /** 0 is no limit. */
  readonly maxBytes: number
  /** Milliseconds before the slowest rate counts. */
  readonly patienceMs: number
  /** Some of it came. */
  readonly onProgress: () => void
}

/**
 * The whole body of a request. What is left of one that is refused stays unread: whoever answers it
 * also ends the HTTP connection.
 * @throws TOO_LARGE; TIMEOUT for one that comes too slowly; INTERNAL where somebody read it before.
 *   Undefined where the client went away before its end
 */
export function readBody(
  request: IncomingMessage,
  options: BodyOptions,
): Promise<Uint8Array | undefined> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (exceeds(announced, options.maxBytes)) return Promise.reject(tooLarge(options.maxBytes))
  if (request.readableEnded) {
    const error = new CairnError('INTERNAL', 'the body was read before handleRequest got it')
    return Promise.reject(error)
  }
  // Also where all of it has arrived: a request that is destroyed brings nothing, and no event more.
  if (request.destroyed) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    new BodyReader(request, options, resolve, reject).start()
  })
}

class BodyReader {
  readonly #request: IncomingMessage
  readonly #options: BodyOptions
  readonly #resolve: (body: Uint8Array | undefined) => void
  readonly #reject: (error: CairnError) => void
  readonly #startedAt: number
  readonly #body: GrowingBody
  #timer: Timer | undefined

  constructor(
    request: IncomingMessage,
    options: BodyOptions,
    resolve: (body: Uint8Array | undefined) => void,
    reject: (error: CairnError) => void,
  ) {
    this.#request = request
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#body = new GrowingBody(Number(request.headers['content-length']), options.maxBytes)
    this.#startedAt = options.environment.now()
  }

  start(): void {
    this.#request.on('data', this.#onData)
    this.#request.once('end', this.#onEnd)
    this.#request.once('close', this.#onClose)
    this.#request.once('error', this.#onClose)
    this.#waitFor(this.#options.patienceMs)
  }

  readonly #onData = (chunk: Buffer): void => {
    const { maxBytes, onProgress } = this.#options
    onProgress()
    if (exceeds(this.#body.byteLength + chunk.byteLength, maxBytes)) this.#fail(tooLarge(maxBytes))
    else this.#body.add(chunk)
  }

  readonly #onEnd = (): void => {
    this.#stop()
    this.#resolve(this.#body.take())
  }

  readonly #onClose = (): void => {
    this.#stop()
    this.#resolve(undefined)
  }

  #waitFor(delayMs: number): void {
    this.#timer = this.#options.environment.setTimer(() => {
      const { environment, patienceMs } = this.#options
      const allowedMs = patienceMs + (this.#body.byteLength / minBytesPerSecond) * 1_000
      const leftMs = this.#startedAt + allowedMs - environment.now()
      if (leftMs > 0) this.#waitFor(leftMs)
      else this.#fail(new CairnError('TIMEOUT', 'the body of a request came too slowly'))
    }, delayMs)
  }

  #fail(error: CairnError): void {
    this.#stop()
    this.#request.pause()
    this.#reject(error)
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#request.off('data', this.#onData)
    this.#request.off('end', this.#onEnd)
    this.#request.off('close', this.#onClose)
    this.#request.off('error', this.#onClose)
    // An error that comes later would end the process without a listener.
    this.#request.on('error', () => undefined)
  }
}

/**
 * What came of a body, in one piece of memory. No part is kept by itself: each is a buffer that costs
 * hundreds of bytes, and a client can send them with one byte each.
 */
class GrowingBody {
  #bytes = new Uint8Array(0)
  /** It need not grow beyond; a promise, so nothing is reserved for it ahead. */
  readonly #expectedBytes: number
  byteLength = 0

  /**
   * @param announced bytes by the request's head; NaN where it says nothing
   * @param maxBytes 0 is no limit
   */
  constructor(announced: number, maxBytes: number) {
    this.#expectedBytes = announced || maxBytes || Number.POSITIVE_INFINITY
  }

  add(part: Uint8Array): void {
    const grown = this.byteLength + part.byteLength
    if (grown > this.#bytes.byteLength) this.#grow(grown)
    this.#bytes.set(part, this.byteLength)
    this.byteLength = grown
  }

  /** Holds no more memory than it has bytes. */
  take(): Uint8Array {
    return this.byteLength === this.#bytes.byteLength
      ? this.#bytes
      : this.#bytes.slice(0, this.byteLength)
  }

  #grow(byteLength: number): void {
    const doubled = Math.min(this.#bytes.byteLength * 2, this.#expectedBytes)
    const bytes = new Uint8Array(Math.max(byteLength, doubled))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

function tooLarge(maxBytes: number): CairnError {
  return new CairnError('TOO_LARGE', `expected a body of at most ${maxBytes} bytes`)
}
