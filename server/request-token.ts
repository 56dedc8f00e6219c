import { Buffer } from 'node:buffer'
import { CairnError } from '../protocol/errors.js'
import { tokenProtocolPrefix } from '../protocol/message.js'
import type { ConnectionRequest } from './principal.js'

/** Bytes of UTF-8; tokens with all their claims have one or two thousand. */
const maxTokenBytes = 8_192

/**
 * The token that comes with a request: as a WebSocket subprotocol, else as `Authorization: Bearer`,
 * else as the query parameter `token`. One that cannot be read counts as none.
 *
 * @throws UNAUTHENTICATED where it is too long
 */
export function requestToken(
  request: Pick<ConnectionRequest, 'url' | 'headers'>,
): string | undefined {
  const token =
    subprotocolToken(textOf(request.headers['sec-websocket-protocol'])) ??
    bearerToken(textOf(request.headers.authorization)) ??
    queryToken(request.url)
  if (token !== undefined) requireTokenLength(token)
  return token
}

/** @throws UNAUTHENTICATED where `token` is longer than any token is */
export function requireTokenLength(token: string): void {
  const bytes = Buffer.byteLength(token)
  if (bytes <= maxTokenBytes) return
  throw new CairnError(
    'UNAUTHENTICATED',
    `a token may have ${maxTokenBytes} bytes, this one has ${bytes}`,
  )
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header ?? []).join(',')
}

function subprotocolToken(header: string): string | undefined {
  for (const entry of header.split(',')) {
    const protocol = entry.trim()
    if (!protocol.startsWith(tokenProtocolPrefix)) continue
    const token = decodeBase64Url(protocol.slice(tokenProtocolPrefix.length))
    if (token !== undefined) return token
  }
  return undefined
}

function decodeBase64Url(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Buffer passes over what is no base64url; then it does not give the same text back.
  if (bytes.length === 0 || bytes.toString('base64url') !== text) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function bearerToken(header: string): string | undefined {
  return /^bearer +(\S+) *$/i.exec(header)?.[1]
}

function queryToken(url: string): string | undefined {
  const start = url.indexOf('?')
  if (start < 0) return undefined
  return new URLSearchParams(url.slice(start)).get('token') || undefined
}
