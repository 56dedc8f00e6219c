import { CairnError } from './errors.js'
import { protocolLimits } from './limits.js'

export interface DocumentNameOptions {
  /** What the path starts with before the name, as it stands in the URL. @default '/' */
  readonly prefix?: string
  /**
   * Whether percent-encoding is undone. Without it the name is the text of the URL, as with the
   * reference server, so that documents which that server stored keep their names. @default true
   */
  readonly decode?: boolean
  /** How long a name may be, in bytes of UTF-8. @default 1000 */
  readonly maxBytes?: number
}

/**
 * The document that an upgrade request asks for: its path without the query. Slashes are part of
 * the name, and no name is special.
 * @param rawPath the request target as it came, such as `/notes/today?token=x`
 * @throws INVALID_NAME for a name that is empty, too long or badly encoded
 */
export function parseDocumentName(rawPath: string, options: DocumentNameOptions = {}): string {
  const prefix = withSlashes(options.prefix ?? '/')
  const maxBytes = options.maxBytes ?? protocolLimits.documentNameBytes.value
  const [path = ''] = rawPath.split('?', 1)
  if (!path.startsWith(prefix)) refuse('path', `a path that starts with ${prefix}`)
  const encoded = path.slice(prefix.length)
  if (!isAscii(encoded)) refuse('encoding', 'other characters than ASCII to be percent-encoded')
  const name = options.decode === false ? encoded : decode(encoded)
  if (name === '') refuse('empty', `a document name after ${prefix}`)
  const byteLength = new TextEncoder().encode(name).length
  if (byteLength > maxBytes) refuse('length', `at most ${maxBytes} bytes, got ${byteLength}`)
  return name
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return refuse('encoding', 'a percent-encoding of valid UTF-8')
  }
}

function withSlashes(prefix: string): string {
  const opened = prefix.startsWith('/') ? prefix : `/${prefix}`
  return opened.endsWith('/') ? opened : `${opened}/`
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return false
  }
  return true
}

function refuse(rule: string, expectation: string): never {
  throw new CairnError('INVALID_NAME', `the document name: expected ${expectation}`, { rule })
}
