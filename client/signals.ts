import type { SignalReceiptMessage } from '../protocol/message.js'
import { ProviderError } from './provider-error.js'
import type { ReceivedSignal } from './provider-events.js'
import type { Session } from './session.js'

/** Receipts that may be waited for at once. */
const maxOpen = 1_000

interface OpenSignal {
  resolve(receipt: { readonly reached: number }): void
  reject(error: ProviderError): void
}

/** Signals that were sent and whose receipt is awaited. */
export class Signals {
  readonly #open = new Map<number, OpenSignal>()
  #lastId = 0

  /** @throws NOT_CONNECTED, TOO_LARGE; TypeError where `value` is no JSON */
  send(session: Session | undefined, value: unknown): void {
    const { open, payload } = prepare(session, value)
    open.sendSignal(0, payload)
  }

  /**
   * Resolves with the number of connections that it was written to.
   * @throws NOT_CONNECTED, TOO_LARGE, RATE; TypeError where `value` is no JSON
   */
  async sendAcknowledged(
    session: Session | undefined,
    value: unknown,
  ): Promise<{ readonly reached: number }> {
    const { open, payload } = prepare(session, value)
    if (this.#open.size >= maxOpen) {
      throw new ProviderError('RATE', `${maxOpen} signals wait for their receipt`)
    }
    const id = ++this.#lastId
    const receipt = new Promise<{ readonly reached: number }>((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
    })
    open.sendSignal(id, payload)
    return receipt
  }

  settle({ id, reached, code, retryAfterMs }: SignalReceiptMessage): void {
    const open = this.#open.get(id)
    this.#open.delete(id)
    if (code === '') open?.resolve({ reached })
    else open?.reject(new ProviderError(code, 'the server dropped the signal', { retryAfterMs }))
  }

  /** The connection is gone, and what became of them nobody will say. */
  connectionLost(): void {
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const { reject } of open) reject(notConnected())
  }
}

function prepare(
  session: Session | undefined,
  value: unknown,
): { readonly open: Session; readonly payload: string } {
  const payload = toJson(value)
  if (session?.hello === undefined) throw notConnected()
  const { maxUpdateBytes } = session.hello
  // A longer message is the end of its connection; of a shorter one the server says what it thinks.
  if (maxUpdateBytes > 0 && payload.length > maxUpdateBytes / 3) {
    throw new ProviderError('TOO_LARGE', `the signal has ${payload.length} characters`)
  }
  return { open: session, payload }
}

/** What another connection sent; undefined where it is no JSON. */
export function asReceived(signal: {
  readonly connectionId: string
  readonly principal: string
  readonly payload: string
}): ReceivedSignal | undefined {
  const { connectionId: from, principal, payload } = signal
  try {
    return { from, principal, value: JSON.parse(payload) }
  } catch {
    return undefined
  }
}

function toJson(value: unknown): string {
  const payload: unknown = JSON.stringify(value)
  if (typeof payload === 'string') return payload
  throw new TypeError(`a signal must be a JSON value, got ${typeof value}`)
}

function notConnected(): ProviderError {
  return new ProviderError('NOT_CONNECTED', 'there is no connection to a server that takes signals')
}
