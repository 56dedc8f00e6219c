import { parseCloseReason } from '../protocol/close-reason.js'

/** The codes that do not come from a server. */
export type LocalErrorCode =
  /** The document was deleted, and perhaps made again; this Y.Doc belongs to its former life. */
  | 'RESET'
  /** `destroy` was called. */
  | 'DESTROYED'
  /** The server does not say what it has stored. */
  | 'NOT_ACKNOWLEDGED'
  /** `token` threw, rejected or took too long. */
  | 'TOKEN_FAILED'
  /** `persist` was asked for and `y-indexeddb`, or the database, is not there. */
  | 'PERSISTENCE_FAILED'
  /** The server closed for good without a code of Cairn's. */
  | 'CLOSED'
  /** There is no connection to send a signal on. */
  | 'NOT_CONNECTED'

/**
 * What a provider reports. `code` is one of `LocalErrorCode`, or a code of the server's catalogue
 * (docs/PROTOCOL.md), `FORBIDDEN` for instance.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: string
  /** The WebSocket close code behind it, where there is one. */
  readonly closeCode: number | undefined
  /** Milliseconds after which trying again may help; 0 where nothing is said. */
  readonly retryAfterMs: number

  constructor(
    code: LocalErrorCode | (string & {}),
    message: string,
    options: { cause?: unknown; closeCode?: number; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.closeCode = options.closeCode
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}

/** Why a server closed. */
export function closeError(closeCode: number, reason: string): ProviderError {
  const { code, message, retryAfterMs } = parseCloseReason(reason)
  const text = message === '' ? `the server closed the connection with ${closeCode}` : message
  return new ProviderError(code === '' ? 'CLOSED' : code, text, { closeCode, retryAfterMs })
}

/** Changes of a client that the server lets read only. */
export function readOnlyError(): ProviderError {
  return new ProviderError('FORBIDDEN', 'this client may read, not write')
}

/** A change that the server would close the connection for. */
export function tooLargeError(bytes: number, maxBytes: number): ProviderError {
  return new ProviderError(
    'TOO_LARGE',
    `an update may have ${maxBytes} bytes, this one has ${bytes}`,
  )
}
