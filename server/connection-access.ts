import { CairnError, toCairnError } from '../protocol/errors.js'
import { encodeAccess } from '../protocol/extension-codec.js'
import type { WheelTask } from '../runtime/timer-wheel.js'
import type { ConnectionContext } from './connection-context.js'
import { type Access, anonymous, type ConnectionRequest, type Principal } from './principal.js'
import { requireTokenLength } from './request-token.js'

/** How long a connection stands after its token ran out: a newer one may be on its way. */
const graceMs = 5_000
/** A newer token may come once in this time. */
const renewalIntervalMs = 1_000

export interface ConnectionAccessOwner {
  close(error: CairnError): void
  /** A newer token was taken; `before` is what the connection could do until now. */
  onRenewed(before: Access): void
}

/** Who a connection is and what it may do, from its first token through newer ones to its expiry. */
export class ConnectionAccess {
  readonly #context: ConnectionContext
  readonly #request: ConnectionRequest
  readonly #owner: ConnectionAccessOwner
  #expiry: WheelTask | undefined
  #principal: Principal = anonymous
  #renewedAt = Number.NEGATIVE_INFINITY
  #isRenewing = false
  #isStopped = false

  constructor(
    context: ConnectionContext,
    request: ConnectionRequest,
    owner: ConnectionAccessOwner,
  ) {
    this.#context = context
    this.#request = request
    this.#owner = owner
  }

  get principal(): Principal {
    return this.#principal
  }

  /** The access message, if there is more to say than hello does. */
  get greeting(): readonly Uint8Array[] {
    const { id, expiresAt } = this.#principal
    return id === '' && expiresAt === undefined ? [] : [this.message()]
  }

  message(): Uint8Array {
    const { id, access, expiresAt } = this.#principal
    const expiresInMs = expiresAt === undefined ? 0 : Math.max(1, this.#msUntil(expiresAt))
    return encodeAccess({ access, principal: id, expiresInMs: Math.ceil(expiresInMs) })
  }

  /**
   * Asks the application who this is.
   * @throws UNAUTHENTICATED, TOKEN_EXPIRED, or the `CairnError` that the application threw
   */
  async authenticate(): Promise<void> {
    this.#accept(await this.#context.authenticate(this.#request))
  }

  /**
   * A newer token has come. What becomes of it the owner hears.
   * @throws RATE where the last one has hardly come, UNAUTHENTICATED where it is too long
   */
  renew(token: string): void {
    const now = this.#context.options.environment.now()
    if (this.#isRenewing || now < this.#renewedAt + renewalIntervalMs) {
      throw new CairnError('RATE', 'newer tokens come too often', {
        retryAfterMs: renewalIntervalMs,
      })
    }
    requireTokenLength(token)
    this.#isRenewing = true
    this.#renewedAt = now
    this.#context.guard.own('renewing a token', this.#renew(token))
  }

  /** The connection is closed. */
  stop(): void {
    this.#isStopped = true
    this.#expiry?.cancel()
  }

  async #renew(token: string): Promise<void> {
    const before = this.#principal
    try {
      const renewed = await this.#context.authenticate({ ...this.#request, token })
      if (this.#isStopped) return
      if (renewed.id !== before.id) {
        throw new CairnError('FORBIDDEN', 'the newer token is of another principal')
      }
      // Presence and records know the connection as who it was when it came.
      const { access, expiresAt } = renewed
      this.#accept({ ...before, access, expiresAt })
      this.#owner.onRenewed(before.access)
    } catch (error) {
      this.#owner.close(toCairnError(error))
    } finally {
      this.#isRenewing = false
    }
  }

  #accept(principal: Principal): void {
    if (this.#isStopped) return
    const { expiresAt } = principal
    if (expiresAt !== undefined && this.#msUntil(expiresAt) <= 0) throw expired()
    this.#principal = principal
    this.#watch()
  }

  #watch(): void {
    const { expiresAt } = this.#principal
    if (expiresAt === undefined) {
      this.#expiry?.cancel()
      return
    }
    const waitMs = this.#msUntil(expiresAt) + graceMs
    this.#expiry ??= this.#context.document.wheel.task(() => this.#checkExpiry())
    this.#expiry.scheduleAt(this.#context.options.environment.now() + waitMs)
  }

  #checkExpiry(): void {
    const { expiresAt } = this.#principal
    // The wall clock may have been set back meanwhile.
    const isOver = expiresAt !== undefined && this.#msUntil(expiresAt) + graceMs <= 0
    if (isOver) this.#owner.close(expired())
    else this.#watch()
  }

  #msUntil(expiresAt: number): number {
    return expiresAt - this.#context.options.environment.wallClock()
  }
}

function expired(): CairnError {
  return new CairnError('TOKEN_EXPIRED', 'the token is no longer good')
}
