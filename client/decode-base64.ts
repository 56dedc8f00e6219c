const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const invalid = 255
const values = new Uint8Array(128).fill(invalid)
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value

/**
 * Bytes of base64 with its padding (RFC 4648 section 4). `atob` would make a text of them first, of
 * the size of a document.
 * @throws SyntaxError for anything else
 */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const length = text.length - padding
  if (text.length % 4 !== 0) throw malformed()
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  let bitCount = 0
  let position = 0
  for (let index = 0; index < length; index++) {
    const value = values[text.charCodeAt(index)] ?? invalid
    if (value === invalid) throw malformed()
    bits = (bits << 6) | value
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[position++] = bits >>> bitCount
    bits &= (1 << bitCount) - 1
  }
  // Bits beyond the last byte belong to nothing.
  if (bits !== 0) throw malformed()
  return bytes
}

function malformed(): SyntaxError {
  return new SyntaxError('expected base64 with its padding')
}
