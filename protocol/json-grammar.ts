import { protocolLimits } from './limits.js'

const MAX_DEPTH = protocolLimits.nesting.value
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const TRUE = [0x74, 0x72, 0x75, 0x65]
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65]
const NULL = [0x6e, 0x75, 0x6c, 0x6c]

// Shared by all calls: checking is never interrupted. Whether level i is an object.
const isObjectAt = new Uint8Array(MAX_DEPTH)

/**
 * Checks bytes [start, end), which must be valid UTF-8, against the grammar of JSON (RFC 8259, what
 * JSON.parse takes), without recursion and without building the value.
 * @returns the first byte of the value, which tells its kind, or what is wrong
 */
export function checkJson(
  bytes: Uint8Array,
  start: number,
  end: number,
): number | 'malformed' | 'too-deep' {
  let position = skipSpace(bytes, start, end)
  if (position >= end) return 'malformed'
  const first = bytes[position] as number
  let depth = 0
  for (;;) {
    // A value is due.
    const byte = position < end ? (bytes[position] as number) : 0
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === MAX_DEPTH) return 'too-deep'
      const isObject = byte === OPEN_BRACE
      isObjectAt[depth++] = Number(isObject)
      position = skipSpace(bytes, position + 1, end)
      const closing = isObject ? CLOSE_BRACE : CLOSE_BRACKET
      const isEmpty = position < end && bytes[position] === closing
      if (!isEmpty) {
        if (isObject) position = skipKey(bytes, position, end)
        if (position < 0) return 'malformed'
        continue
      }
      position++
      depth--
    } else {
      position = skipScalar(bytes, position, end)
      if (position < 0) return 'malformed'
    }
    // A value is over: close what closes, then another value or the end.
    position = skipSpace(bytes, position, end)
    while (depth > 0 && position < end) {
      const isObject = isObjectAt[depth - 1] === 1
      if (bytes[position] !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) break
      depth--
      position = skipSpace(bytes, position + 1, end)
    }
    if (depth === 0) return position === end ? first : 'malformed'
    if (position >= end || bytes[position] !== COMMA) return 'malformed'
    position = skipSpace(bytes, position + 1, end)
    if (isObjectAt[depth - 1] === 1) position = skipKey(bytes, position, end)
    if (position < 0) return 'malformed'
  }
}

// What follows returns the position after what it passes over, or -1.

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end) {
    const byte = bytes[position] as number
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    position++
  }
  return position
}

function skipKey(bytes: Uint8Array, start: number, end: number): number {
  const afterKey = skipString(bytes, start, end)
  if (afterKey < 0) return -1
  const colon = skipSpace(bytes, afterKey, end)
  if (colon >= end || bytes[colon] !== COLON) return -1
  return skipSpace(bytes, colon + 1, end)
}

function skipScalar(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1
  switch (bytes[start]) {
    case QUOTE:
      return skipString(bytes, start, end)
    case TRUE[0]:
      return skipWord(TRUE, bytes, start, end)
    case FALSE[0]:
      return skipWord(FALSE, bytes, start, end)
    case NULL[0]:
      return skipWord(NULL, bytes, start, end)
    default:
      return skipNumber(bytes, start, end)
  }
}

function skipWord(word: readonly number[], bytes: Uint8Array, start: number, end: number): number {
  if (start + word.length > end) return -1
  for (let index = 1; index < word.length; index++) {
    if (bytes[start + index] !== word[index]) return -1
  }
  return start + word.length
}

function skipString(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) return -1
  let position = start + 1
  while (position < end) {
    const byte = bytes[position] as number
    if (byte === QUOTE) return position + 1
    if (byte < 0x20) return -1
    position = byte === BACKSLASH ? skipEscape(bytes, position + 1, end) : position + 1
    if (position < 0) return -1
  }
  return -1
}

/** `start` stands after the backslash. */
function skipEscape(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1
  switch (bytes[start]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // slash
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return start + 1
    case 0x75: // u
      break
    default:
      return -1
  }
  if (start + 5 > end) return -1
  for (let position = start + 1; position < start + 5; position++) {
    if (!isHexDigit(bytes[position] as number)) return -1
  }
  return start + 5
}

function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  const integer = bytes[start] === MINUS ? start + 1 : start
  let position = skipDigits(bytes, integer, end)
  if (position < 0) return -1
  if (bytes[integer] === ZERO && position > integer + 1) return -1
  if (position < end && bytes[position] === DOT) {
    position = skipDigits(bytes, position + 1, end)
    if (position < 0) return -1
  }
  // The letter e in either case.
  if (position < end && ((bytes[position] as number) | 0x20) === 0x65) {
    const sign = position + 1
    const isSigned = sign < end && (bytes[sign] === 0x2b || bytes[sign] === MINUS)
    position = skipDigits(bytes, isSigned ? sign + 1 : sign, end)
  }
  return position
}

/** One digit at least. */
function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let position = start
  while (position < end && isDigit(bytes[position] as number)) position++
  return position === start ? -1 : position
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}
