import type { CairnError } from './errors.js'

/** What the reason of a close says; `code` is empty where it is not one of Cairn's. */
export interface CloseReason {
  readonly code: string
  readonly message: string
  /** Milliseconds to wait before coming back; 0 where nothing is said. */
  readonly retryAfterMs: number
}

const form = /^([A-Z][A-Z_]{2,40})(?:;retry-after=(\d{1,9}))?: /

/** `CODE: message`, or `CODE;retry-after=MS: message`. What must not be cut off comes first. */
export function closeReason({ code, message, retryAfterMs }: CairnError): string {
  const retry = retryAfterMs > 0 ? `;retry-after=${Math.ceil(retryAfterMs)}` : ''
  return `${code}${retry}: ${message}`
}

/** Reads the reason of a close of any server. */
export function parseCloseReason(reason: string): CloseReason {
  const match = form.exec(reason)
  if (match === null) return { code: '', message: reason, retryAfterMs: 0 }
  const [start, code = '', retryAfter = '0'] = match
  return { code, message: reason.slice(start.length), retryAfterMs: Number(retryAfter) }
}
