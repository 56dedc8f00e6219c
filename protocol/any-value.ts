import type { ByteReader } from './byte-reader.js'
import { protocolLimits } from './limits.js'
import { utf16Length } from './utf8.js'

const MAX_DEPTH = protocolLimits.nesting.value

/** Type bytes of lib0's "any" encoding (encoding.js, `writeAny`). */
const anyType = {
  bytes: 116,
  array: 117,
  object: 118,
  string: 119,
  true: 120,
  false: 121,
  bigint: 122,
  float64: 123,
  float32: 124,
  integer: 125,
  null: 126,
  undefined: 127,
} as const

// Shared by all calls: reading is never interrupted. What is left to read at each level.
const valuesLeft = new Float64Array(MAX_DEPTH)
const isObjectAt = new Uint8Array(MAX_DEPTH)

/** Whether the value that comes next is an object; a reader at its end has none. */
export function isAnyObject(reader: ByteReader): boolean {
  return reader.bytes[reader.position] === anyType.object
}

/**
 * Passes over one value of lib0's "any" encoding, without recursion and without building it.
 * Fails with the rules `content`, `nesting`, `utf8` and those of the reader.
 */
export function skipAny(reader: ByteReader): void {
  let depth = 0
  for (;;) {
    const type = reader.readByte()
    if (type === anyType.array || type === anyType.object) {
      if (depth === MAX_DEPTH) reader.fail('nesting', `expected at most ${MAX_DEPTH} levels`)
      const isObject = type === anyType.object
      isObjectAt[depth] = Number(isObject)
      valuesLeft[depth++] = reader.readCount(isObject ? 2 : 1)
    } else {
      skipScalar(reader, type)
    }
    // Leave the levels that are done; then one value less is left where we are.
    while (depth > 0 && valuesLeft[depth - 1] === 0) depth--
    if (depth === 0) return
    valuesLeft[depth - 1] = (valuesLeft[depth - 1] as number) - 1
    if (isObjectAt[depth - 1] === 1) skipText(reader)
  }
}

function skipScalar(reader: ByteReader, type: number): void {
  switch (type) {
    case anyType.undefined:
    case anyType.null:
    case anyType.true:
    case anyType.false:
      return
    case anyType.integer:
      reader.skipVarInt()
      return
    case anyType.float32:
      reader.skipBytes(4)
      return
    case anyType.float64:
    case anyType.bigint:
      reader.skipBytes(8)
      return
    case anyType.string:
      skipText(reader)
      return
    case anyType.bytes:
      reader.skipBytes(reader.readVarUint())
      return
    default:
      reader.position--
      reader.fail('content', `expected a value of type 116 to 127, got ${type}`)
  }
}

/** Passes over a length and so many bytes of strict UTF-8; returns its length in UTF-16 units. */
export function skipText(reader: ByteReader): number {
  const length = reader.readByteLength()
  const start = reader.position
  const units = utf16Length(reader.bytes, start, start + length)
  if (units < 0) reader.fail('utf8', 'expected a string of valid UTF-8')
  reader.position = start + length
  return units
}
