/**
 * The one catalogue of errors: a stable code, the WebSocket close code it stands for, and what it
 * means. Codes do not change between major versions; messages do.
 *
 * Close codes follow what y-websocket 3.1 obeys: 4400-4499 tell a client to stop for good, everything
 * else lets it come back. 1009 is never used, since a client would send the same message for ever.
 */
export const errorCatalogue = {
  MALFORMED_MESSAGE: { closeCode: 4400, meaning: 'A frame is not exactly one known message.' },
  MALFORMED_UPDATE: { closeCode: 4400, meaning: 'An update breaks a structural rule of Yjs v1.' },
  MALFORMED_STATE_VECTOR: { closeCode: 4400, meaning: 'A state vector cannot be read.' },
  MALFORMED_AWARENESS: { closeCode: 4400, meaning: 'An awareness message cannot be read.' },
  TEXT_MESSAGE: {
    closeCode: 4400,
    meaning: 'A text message came where only binary ones are known.',
  },
  INVALID_NAME: {
    closeCode: 4400,
    meaning: 'The document name is empty, too long or badly encoded.',
  },
  UNAUTHENTICATED: { closeCode: 4401, meaning: 'The connection did not say who it is.' },
  FORBIDDEN: { closeCode: 4403, meaning: 'The principal may not do this.' },
  NO_SUCH_DOCUMENT: { closeCode: 4404, meaning: 'There is no document at this address.' },
  TOO_LARGE: { closeCode: 4413, meaning: 'A message or the document is larger than its limit.' },
  LIMIT_REACHED: { closeCode: 4413, meaning: 'A limit of the document would be passed.' },
  GOING_AWAY: { closeCode: 1012, meaning: 'The server is restarting.' },
  INTERNAL: { closeCode: 1011, meaning: 'The server failed in a way that it did not foresee.' },
  STORE_UNAVAILABLE: { closeCode: 4503, meaning: 'The store refuses writes for now.' },
  STORE_CLOSED: { closeCode: 4503, meaning: 'The store is not open.' },
  STORE_LOCKED: { closeCode: 4503, meaning: 'Another process or handle has the store open.' },
  STORE_DAMAGED: {
    closeCode: 4503,
    meaning: 'The directory of the store is damaged or incomplete.',
  },
  STORE_UNKNOWN_FORMAT: {
    closeCode: 4503,
    meaning: 'The directory was written by another format.',
  },
  DOCUMENT_DAMAGED: { closeCode: 4503, meaning: 'The stored records of one document are damaged.' },
  DOCUMENT_IN_USE: { closeCode: 4503, meaning: 'The document is open elsewhere in this process.' },
  DOCUMENT_EXISTS: { closeCode: 4503, meaning: 'A document of that name exists already.' },
  INCOMPLETE: { closeCode: 4508, meaning: 'The past of an update did not arrive in time.' },
  LAGGING: { closeCode: 4508, meaning: 'The connection does not keep up with the document.' },
  RATE: { closeCode: 4529, meaning: 'Too much, too often, or too many at a time.' },
  TOKEN_EXPIRED: { closeCode: 4501, meaning: 'The token was good for a time that is over.' },
  TIMEOUT: { closeCode: 4508, meaning: 'The other side did not answer in time.' },
} as const satisfies Record<string, { closeCode: number; meaning: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** Every error that Cairn throws on purpose. `code` is stable; `message` is for people. */
export class CairnError extends Error {
  override readonly name = 'CairnError'
  readonly code: ErrorCode
  /** A finer reason inside the code, stable too: the rule that an update breaks, for instance. */
  readonly rule: string | undefined
  /** Milliseconds that a client should wait before it tries again; 0 where nothing is said. */
  readonly retryAfterMs: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; rule?: string; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.rule = options.rule
    this.retryAfterMs = options.retryAfterMs ?? 0
  }

  /** The WebSocket close code for a connection that this error ends. */
  get closeCode(): number {
    return errorCatalogue[this.code].closeCode
  }

  /** Whether a client that was closed for this should come back by itself. */
  get isTransient(): boolean {
    return this.closeCode < 4400 || this.closeCode > 4499
  }
}

/** `error` itself where it is ours, else an INTERNAL error that carries it as its cause. */
export function toCairnError(error: unknown): CairnError {
  if (error instanceof CairnError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new CairnError('INTERNAL', message, { cause: error })
}
