/** One event of an event stream. */
export interface StreamEvent {
  readonly type: string
  readonly data: string
  /** The last id that the stream has named so far; empty for none. */
  readonly lastEventId: string
}

/**
 * Room for a document of 256 MiB, the most that a server keeps by default, in base64. Longer texts
 * than half a gibibyte no engine has.
 */
const defaultMaxLength = 384 * 1_048_576

/**
 * Reads `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html) in
 * whatever pieces it comes. An event that the stream does not end is none.
 */
export class EventStreamParser {
  readonly #onEvent: (event: StreamEvent) => void
  readonly #maxLength: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #line = ''
  #endsWithReturn = false
  #type = ''
  #data: string[] = []
  #dataLength = 0
  #lastEventId = ''
  #retryMs: number | undefined

  /** @param maxLength characters of one event, and of one line; @default 384 Mi */
  constructor(onEvent: (event: StreamEvent) => void, maxLength = defaultMaxLength) {
    this.#onEvent = onEvent
    this.#maxLength = maxLength
  }

  /** Milliseconds that the server asked to wait before coming back; undefined where it did not. */
  get retryMs(): number | undefined {
    return this.#retryMs
  }

  /** @throws TypeError for what is no UTF-8, RangeError for an event that is too long */
  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true })
    if (text === '') return
    const lineEnd = /\r\n|\r|\n/g
    // The line feed of a carriage return that ended the piece before.
    let start = this.#endsWithReturn && text.startsWith('\n') ? 1 : 0
    lineEnd.lastIndex = start
    for (let match = lineEnd.exec(text); match !== null; match = lineEnd.exec(text)) {
      this.#extendLine(text.slice(start, match.index))
      start = lineEnd.lastIndex
      const line = this.#line
      this.#line = ''
      this.#takeLine(line)
    }
    this.#endsWithReturn = text.endsWith('\r')
    this.#extendLine(text.slice(start))
  }

  #extendLine(part: string): void {
    this.#requireLength(this.#line.length + part.length)
    this.#line += part
  }

  #takeLine(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const valueAt = line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1
    this.#takeField(field, colon === -1 ? '' : line.slice(valueAt))
  }

  #takeField(field: string, value: string): void {
    if (field === 'event') {
      this.#type = value
    } else if (field === 'data') {
      this.#dataLength += value.length + 1
      this.#requireLength(this.#dataLength)
      this.#data.push(value)
    } else if (field === 'id') {
      if (!value.includes('\0')) this.#lastEventId = value
    } else if (field === 'retry' && /^\d{1,15}$/.test(value)) {
      this.#retryMs = Number(value)
    }
  }

  #dispatch(): void {
    const type = this.#type === '' ? 'message' : this.#type
    const data = this.#data
    this.#type = ''
    this.#data = []
    this.#dataLength = 0
    // As the standard has it, an event without data is none.
    if (data.length === 0 || (data.length === 1 && data[0] === '')) return
    this.#onEvent({ type, data: data.join('\n'), lastEventId: this.#lastEventId })
  }

  #requireLength(length: number): void {
    if (length <= this.#maxLength) return
    throw new RangeError(`an event of the stream has more than ${this.#maxLength} characters`)
  }
}
