import { isAscii, isUtf8 } from 'node:buffer'

/** From so many bytes on, a view and two native calls are cheaper than a loop. */
const NATIVE_FROM = 96

/**
 * How many UTF-16 units the text of bytes [start, end) has, which is how Yjs counts it; -1 where
 * the bytes are not strictly valid UTF-8 (Unicode 15, table 3-7: no surrogates, nothing overlong).
 */
export function utf16Length(bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= NATIVE_FROM) return utf16LengthNative(bytes.subarray(start, end))
  for (let position = start; position < end; position++) {
    if ((bytes[position] as number) >= 0x80) {
      const rest = utf16LengthByTable(bytes, position, end)
      return rest < 0 ? -1 : position - start + rest
    }
  }
  return end - start
}

/**
 * How many bytes follow the lead byte of a sequence of valid UTF-8. After three of them the text
 * has two UTF-16 units more, else one.
 */
export function bytesAfterLead(lead: number): number {
  return lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
}

function utf16LengthNative(text: Uint8Array): number {
  if (isAscii(text)) return text.length
  if (!isUtf8(text)) return -1
  // One unit for each lead byte, and one more for those that lead four bytes.
  let units = 0
  for (let position = 0; position < text.length; position++) {
    const byte = text[position] as number
    units += Number((byte & 0xc0) !== 0x80) + Number(byte >= 0xf0)
  }
  return units
}

function utf16LengthByTable(bytes: Uint8Array, start: number, end: number): number {
  let units = 0
  let position = start
  while (position < end) {
    const length = sequenceLength(bytes, position, end)
    if (length === 0) return -1
    units += length === 4 ? 2 : 1
    position += length
  }
  return units
}

/** Bytes of the sequence at `position`; 0 where there is no valid one before `end`. */
function sequenceLength(bytes: Uint8Array, position: number, end: number): number {
  const lead = bytes[position] as number
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const length = 1 + bytesAfterLead(lead)
  if (position + length > end) return 0
  const second = bytes[position + 1] as number
  // Overlong forms, surrogates and what lies above U+10FFFF all show in the second byte.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let index = 2; index < length; index++) {
    if (((bytes[position + index] as number) & 0xc0) !== 0x80) return 0
  }
  return length
}
