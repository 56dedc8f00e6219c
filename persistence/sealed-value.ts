import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { DamagedValue } from './damaged-value.js'
import { asBuffer } from './level-keys.js'

/** The first byte of every value; another number is another format. */
export const valueFormat = 1
/** Bytes that a seal adds to a body: the format before it, the CRC after it. */
const sealLength = 1 + 4

/**
 * A value as it is stored: format byte, body, CRC-32 (zlib) of key, format byte and body. The key
 * is in the sum so that a value under a wrong key is seen as well as a changed one.
 */
export function seal(key: Uint8Array, body: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(body.length + sealLength)
  value[0] = valueFormat
  value.set(body, 1)
  const end = 1 + body.length
  value.writeUInt32BE(crc32(value.subarray(0, end), crc32(key)), end)
  return value
}

/**
 * The body of a sealed value.
 * @throws DamagedValue with the rule `checksum` or `format`
 */
export function unseal(key: Uint8Array, value: Uint8Array): Buffer {
  const bytes = asBuffer(value)
  const end = bytes.length - 4
  if (end < 1 || crc32(bytes.subarray(0, end), crc32(key)) !== bytes.readUInt32BE(end)) {
    throw new DamagedValue('its checksum does not fit', 'checksum')
  }
  if (bytes[0] !== valueFormat) {
    throw new DamagedValue(`its format is ${bytes[0]}, not ${valueFormat}`, 'format')
  }
  return bytes.subarray(1, end)
}
