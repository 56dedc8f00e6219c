import { Buffer } from 'node:buffer'
import { CairnError } from '../protocol/errors.js'
import { encodeReceivedSignal, encodeSignalReceipt } from '../protocol/extension-codec.js'
import type { SentSignalMessage } from '../protocol/message.js'
import { Allowance } from './allowance.js'
import type { ConnectionWriter } from './connection-writer.js'
import { exceeds, type ServerLimits } from './limits.js'
import type { Principal } from './principal.js'
import type { Signal } from './signals.js'

/** Signals of so many seconds may come at once. */
const burstSeconds = 2

/** The signals of one connection: which of them pass, and what the client hears of each. */
export class SignalGate {
  readonly #limits: ServerLimits
  readonly #sender: { readonly id: string; readonly principal: Principal }
  readonly #writer: Pick<ConnectionWriter, 'sendControl'>
  readonly #allowance: Allowance

  /** `writer` is the sender's, for receipts. */
  constructor(
    sender: { readonly id: string; readonly principal: Principal },
    writer: Pick<ConnectionWriter, 'sendControl'>,
    limits: ServerLimits,
    now: number,
  ) {
    this.#limits = limits
    this.#sender = sender
    this.#writer = writer
    const { signalsPerSecond } = limits
    this.#allowance = new Allowance(signalsPerSecond, signalsPerSecond * burstSeconds, now)
  }

  /** Hands the signal to `pass`, which says why it does not take it, if so. */
  receive(
    { id, payload }: Omit<SentSignalMessage, 'type'>,
    now: number,
    pass: (signal: Signal) => CairnError | undefined,
  ): void {
    const refusal = this.#refusal(payload, now) ?? pass(this.#signal(id, payload))
    if (refusal !== undefined) this.#answer(id, 0, refusal)
  }

  #refusal(payload: string, now: number): CairnError | undefined {
    const bytes = Buffer.byteLength(payload)
    const { signalBytes } = this.#limits
    if (exceeds(bytes, signalBytes)) {
      return new CairnError('TOO_LARGE', `a signal may have ${signalBytes} bytes, not ${bytes}`)
    }
    const retryAfterMs = this.#allowance.trySpend(1, now)
    if (retryAfterMs === 0) return undefined
    return new CairnError('RATE', 'signals come too often', { retryAfterMs })
  }

  #signal(id: number, payload: string): Signal {
    const { id: connectionId, principal } = this.#sender
    return {
      from: connectionId,
      message: encodeReceivedSignal({ connectionId, principal: principal.id, payload }),
      onFlushed: (reached) => this.#answer(id, reached, undefined),
    }
  }

  #answer(id: number, reached: number, refusal: CairnError | undefined): void {
    if (id === 0) return
    const { code = '', retryAfterMs = 0 } = refusal ?? {}
    this.#writer.sendControl(
      encodeSignalReceipt({ id, reached, code, retryAfterMs: Math.ceil(retryAfterMs) }),
    )
  }
}
