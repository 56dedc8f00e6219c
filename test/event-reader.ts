import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import * as Y from 'yjs'
import { EventStreamParser, type StreamEvent } from '../client/event-stream-parser.js'
import { decodeServerMessage } from '../protocol/codec.js'
import type { ServerMessage } from '../protocol/message.js'
import { type Changing, waitFor } from './wait-for.js'

export interface EventReaderOptions {
  readonly headers?: Record<string, string>
  /** Takes the head of the answer, and nothing after it. */
  readonly isStalled?: boolean
}

/**
 * What an `EventSource` gets, over plain HTTP, with a Y.Doc that takes the updates in. With `post=1` in
 * the address it is the reading half of a two-way stream.
 */
export class EventReader implements Changing {
  readonly doc = new Y.Doc()
  readonly events: StreamEvent[] = []
  readonly messages: ServerMessage[] = []
  /** The head of the answer. */
  response: IncomingMessage | undefined
  /** The bytes of the answer as text. */
  text = ''
  isEnded = false
  readonly #request: ClientRequest
  readonly #parser = new EventStreamParser((event) => this.#onEvent(event))
  readonly #listeners = new Set<() => void>()

  constructor(url: string, { headers = {}, isStalled = false }: EventReaderOptions = {}) {
    this.#request = get(url, { headers, agent: false }, (response) => {
      this.response = response
      response.on('error', () => this.#onEnd())
      response.on('close', () => this.#onEnd())
      if (!isStalled) this.#read(response)
      this.#announce()
    })
    this.#request.on('error', () => this.#onEnd())
  }

  get status(): number | undefined {
    return this.response?.statusCode
  }

  get content(): string {
    return this.doc.getText('text').toString()
  }

  get lastEventId(): string {
    return this.events.at(-1)?.lastEventId ?? ''
  }

  get retryMs(): number | undefined {
    return this.#parser.retryMs
  }

  /** By which POSTs find a two-way stream. */
  get secret(): string {
    const { connection } = this.#dataOf('open')
    return String(connection)
  }

  /** What the event `close` said; undefined before it came. */
  get close(): { readonly code?: number; readonly reason?: string } | undefined {
    return this.events.some(({ type }) => type === 'close') ? this.#dataOf('close') : undefined
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async answered(): Promise<this> {
    await waitFor('the request is answered', () => this.status !== undefined, this)
    return this
  }

  /** Waits until the answer to the sync step 1 is there. */
  async synced(): Promise<this> {
    await this.until('sync step 2', () =>
      this.messages.some((message) => message.type === 'sync-step-2'),
    )
    return this
  }

  async opened(): Promise<this> {
    await this.until('hello', () => this.messages.length > 0)
    return this
  }

  async ended(): Promise<this> {
    await this.until('the end of the stream', () => this.isEnded)
    return this
  }

  async has(content: string): Promise<void> {
    await this.until(`the content ${JSON.stringify(content)}`, () => this.content === content)
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await waitFor(`the stream brings ${what}`, condition, this)
  }

  destroy(): void {
    this.#request.destroy()
    this.doc.destroy()
  }

  #read(response: IncomingMessage): void {
    response.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      if (response.statusCode === 200) this.#parser.push(bytes)
      this.#announce()
    })
  }

  #onEvent(event: StreamEvent): void {
    this.events.push(event)
    if (event.type !== 'message') return
    const message = decodeServerMessage(Buffer.from(event.data, 'base64'))
    this.messages.push(message)
    if (message.type === 'sync-step-2' || message.type === 'update') {
      Y.applyUpdate(this.doc, message.update)
    }
  }

  #dataOf(type: string): { readonly [key: string]: unknown } {
    const event = this.events.find((candidate) => candidate.type === type)
    return JSON.parse(event?.data ?? '{}')
  }

  #onEnd(): void {
    this.isEnded = true
    this.#announce()
  }

  #announce(): void {
    for (const listener of this.#listeners) listener()
  }
}
