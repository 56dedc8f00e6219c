import { Buffer } from 'node:buffer'
import { CairnError } from '../protocol/errors.js'

/** The longest document name, in UTF-8 bytes. */
const maxNameBytes = 4096

/**
 * The name's UTF-8 bytes.
 * @throws INVALID_NAME where they are none, too many, or would not give the same name back
 */
export function encodeName(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.length === 0 || bytes.length > maxNameBytes) {
    throw new CairnError(
      'INVALID_NAME',
      `a document name has 1 to ${maxNameBytes} bytes of UTF-8, this one has ${bytes.length}`,
    )
  }
  if (bytes.toString('utf8') !== name) {
    throw new CairnError('INVALID_NAME', 'the document name holds half a surrogate pair')
  }
  return bytes
}

/** The order of the UTF-8 bytes, which for some emoji is not that of JavaScript strings. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'))
}
